/* Which options of batches and losses make sense. */
#include <math.h>

#include "nets/batches_internal.h"

static status check_range(const char *what, double value, double most, err *e) {
    if (value >= 0 && value <= most) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s %g: expected 0..%g", what, value, most);
}

status batches_check(const train_options *o, err *e) {
    const struct {
        const char *what;
        double value, most;
    } ranges[] = {{"mixup", o->mixup_alpha, 100},
                  {"cutmix", o->cutmix_alpha, 100},
                  {"focal loss: gamma", o->focal_gamma, 100},
                  {"weight of auxiliary heads", o->aux_weight, 100},
                  {"group DRO: rate", o->group_dro_rate, 100}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        status s = check_range(ranges[i].what, ranges[i].value, ranges[i].most, e);
        if (s != STATUS_OK) return s;
    }
    if (!(o->label_smoothing >= 0 && o->label_smoothing < 1))
        return err_set(e, STATUS_USAGE, "label smoothing %g: expected from 0 to below 1", o->label_smoothing);
    if (!(o->group_dro_rate > 0)) return STATUS_OK;
    if (!o->group_column) return err_set(e, STATUS_USAGE, "group DRO needs a group column");
    if (o->mixup_alpha > 0 || o->cutmix_alpha > 0)
        return err_set(e, STATUS_USAGE,
                       "group DRO with mixup or cutmix: a mixture belongs to no group, use one of them");
    return STATUS_OK;
}
