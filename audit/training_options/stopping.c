/* How long, and what it is judged on. */
#include "audit/training_options/tables_internal.h"

const option stopping_options[] = {{.name = "epochs",
                                    .letter = 'e',
                                    .kind = OPTION_INTEGER,
                                    .offset = FIELD(epochs),
                                    .metavar = "N",
                                    .fallback = "5",
                                    .lo = 1,
                                    .hi = 100000,
                                    .what = "passes over the data"},
                                   {0}};
