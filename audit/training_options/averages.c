/* Averages of weights. */
#include "audit/training_options/tables_internal.h"

const option average_options[] = {{.name = "ema",
                                   .kind = OPTION_NUMBER,
                                   .offset = FIELD(ema),
                                   .metavar = "DECAY",
                                   .fallback = "0",
                                   .hi = 0.999999,
                                   .what = "keep the exponential moving average of the weights instead of "
                                           "the last ones; usual is 0.99 to 0.9999, less "
                                           "for short trainings; 0 is off"},
                                  {.name = "swa",
                                   .kind = OPTION_NUMBER,
                                   .offset = FIELD(swa),
                                   .metavar = "SHARE",
                                   .fallback = "0",
                                   .hi = 0.9999,
                                   .what = "keep the plain average of the weights at the ends of the epochs "
                                           "after this share of them; usual is 0.75; 0 "
                                           "is off"},
                                  {0}};
