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
                                   {.name = "validation",
                                    .kind = OPTION_NUMBER,
                                    .offset = FIELD(validation),
                                    .metavar = "SHARE",
                                    .fallback = "0",
                                    .hi = 0.9,
                                    .what = "hold this share of every class out from training, and judge the "
                                            "net on it after each epoch; the same images "
                                            "for every seed"},
                                   {.name = "patience",
                                    .kind = OPTION_INTEGER,
                                    .offset = FIELD(patience),
                                    .metavar = "EPOCHS",
                                    .fallback = "0",
                                    .hi = 100000,
                                    .what = "stop after so many epochs without a better validation accuracy, "
                                            "and keep the best weights; 0 is never"},
                                   {0}};
