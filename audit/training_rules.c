/* Options of training that say nothing, or the opposite, together. */
#include "audit/training_internal.h"

status training_rules_check(const training_settings *t, err *e) {
    bool validates = t->validation > 0 || t->validated;
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
        {t->validation > 0 && t->validated, "--validation with --validation-data: choose one"},
        {t->patience > 0 && !validates,
         "--patience needs images to judge by: --validation or --validation-data"},
        {t->schedule == SCHEDULE_PLATEAU && !validates,
         "--schedule plateau watches the validation loss: give --validation or --validation-data"},
        {t->schedule == SCHEDULE_MULTISTEP && t->milestones.n == 0,
         "--schedule multistep needs --milestones: after which epochs?"},
        {t->schedule == SCHEDULE_ONE_CYCLE && t->warmup > 0,
         "--warmup with --schedule one-cycle, which has its own rise: choose another schedule"},
        {t->robust && mixes,
         "--robust with --mixup or --cutmix: an attack needs one label to lead away from"},
        {t->ema > 0 && t->swa > 0, "--ema with --swa: both are averages of the weights, choose one"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].broken) return err_set(e, STATUS_USAGE, "%s", rules[i].message);
    return training_robust_check(t, e);
}
