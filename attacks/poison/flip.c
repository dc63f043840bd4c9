/* Uniform label noise: any image, any other class. */
#include "attacks/poison/poison_internal.h"

static status flip_check(const dataset *d, const poison *p, err *e) {
    (void)d;
    if (p->source >= 0 || p->target >= 0)
        return err_set(e, STATUS_USAGE, "flip: takes any class to any other, expected no source or target");
    return STATUS_OK;
}

static bool flip_candidate(const dataset *d, const poison *p, int row) {
    (void)d, (void)p, (void)row;
    return true;
}

static int32_t flip_label(const dataset *d, const poison *p, uint64_t seed, int row) {
    (void)p;
    return poison_other_class(d, seed, row);
}

const poison_method poison_flip = {
    .share_of_all = true, .check = flip_check, .candidate = flip_candidate, .new_label = flip_label};
