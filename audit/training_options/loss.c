/* The loss. */
#include "audit/training_options/tables_internal.h"

static const char *class_weights_at(int i, const char **what) {
    static const described names[] = {
        [CLASS_WEIGHTS_NONE] = {"none", "every image counts the same"},
        [CLASS_WEIGHTS_BALANCED] = {"balanced", "images of a class count by the inverse of its share"}};
    return described_at(names, sizeof names / sizeof *names, i, what);
}

const option loss_options[] = {
    {.name = "label-smoothing",
     .kind = OPTION_NUMBER,
     .offset = FIELD(label_smoothing),
     .metavar = "SHARE",
     .fallback = "0",
     .hi = 0.9999,
     .what = "share of the target spread over all classes; usual is 0.1"},
    {.name = "focal",
     .kind = OPTION_NUMBER,
     .offset = FIELD(focal),
     .metavar = "GAMMA",
     .fallback = "0",
     .hi = 100,
     .what = "focal loss: images that are easy count less; usual is 2; 0 is cross entropy"},
    {.name = "class-weights",
     .kind = OPTION_CHOICE,
     .offset = FIELD(class_weights),
     .fallback = "none",
     .choice = class_weights_at,
     .what = "what an image counts in the loss"},
    {.name = "aux-weight",
     .kind = OPTION_NUMBER,
     .offset = FIELD(aux_weight),
     .metavar = "SHARE",
     .fallback = "0.3",
     .hi = 100,
     .what = "what the loss of each auxiliary head counts, in nets that have them"},
    {.name = "group-dro",
     .kind = OPTION_NUMBER,
     .offset = FIELD(group_dro),
     .metavar = "RATE",
     .fallback = "0",
     .hi = 100,
     .what =
         "group DRO: shift weight to the groups with the largest loss; usual is 0.01; needs --group-column"},
    {.name = "group-column",
     .kind = OPTION_TEXT,
     .offset = FIELD(group_column),
     .metavar = "COLUMN",
     .what = "the column of the data, or of --groups, that names the groups of --group-dro"},
    {0}};
