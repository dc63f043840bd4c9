/* What a batch is made of. */
#include "audit/training_options/tables_internal.h"

const option data_options[] = {
    {.name = "augment",
     .kind = OPTION_TEXT,
     .offset = FIELD(augment),
     .metavar = "LIST",
     .what = "changes of the training images, such as flip,shift=2,cutout=8: flip vflip shift crop rotate "
             "noise brightness contrast cutout flip-target"},
    {0}};
