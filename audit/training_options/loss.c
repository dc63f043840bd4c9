/* The loss. */
#include "audit/training_options/tables_internal.h"

const option loss_options[] = {{.name = "label-smoothing",
                                .kind = OPTION_NUMBER,
                                .offset = FIELD(label_smoothing),
                                .metavar = "SHARE",
                                .fallback = "0",
                                .hi = 0.9999,
                                .what = "share of the target spread over all classes"},
                               {0}};
