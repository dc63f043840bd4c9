/* The options of training under their headings. */
#include "audit/training_options/tables_internal.h"

static const option recipe_options[] = {
    {.name = "recipe",
     .kind = OPTION_FILE,
     .offset = FIELD(recipe),
     .metavar = "FILE",
     .what =
         "take seed, batch and all options of training from this JSON file or model; options that are given "
         "besides win"},
    {0}};

option_set recipe_set(training_settings *t) {
    return (option_set){"Recipe", recipe_options, t};
}

int training_option_sets(training_settings *t, option_set sets[TRAINING_SETS]) {
    const option_set all[TRAINING_SETS] = {{"Net", net_options, t},
                                           {"Batches", data_options, t},
                                           {"Loss", loss_options, t},
                                           {"Robust training", robust_train_options, t},
                                           {"Optimiser", optimizer_options, t},
                                           {"Schedule", schedule_options, t},
                                           {"Averages", average_options, t},
                                           {"Stopping", stopping_options, t}};
    for (int i = 0; i < TRAINING_SETS; i++)
        sets[i] = all[i];
    return TRAINING_SETS;
}

const char *described_at(const described *list, size_t n, int i, const char **what) {
    bool inside = i >= 0 && (size_t)i < n;
    if (what) *what = inside ? list[i].what : NULL;
    return inside ? list[i].name : NULL;
}
