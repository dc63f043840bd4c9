/* Options of training that say nothing, or the opposite, together. */
#include "audit/training_internal.h"

status training_rules_check(const training_settings *t, err *e) {
    bool mixes = t->mixup > 0 || t->cutmix > 0;
    const struct {
        bool broken;
        const char *message;
    } rules[] = {
        {t->group_dro > 0 && !t->group_column,
         "--group-dro needs --group-column: which column names the groups?"},
        {t->group_dro > 0 && mixes, "--group-dro with --mixup or --cutmix: a mixture belongs to no group"},
        {t->balanced_sampler && t->class_weights != CLASS_WEIGHTS_NONE,
         "--balanced-sampler with --class-weights corrects the same thing twice: choose one"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].broken) return err_set(e, STATUS_USAGE, "%s", rules[i].message);
    return STATUS_OK;
}
