/* Pairwise label noise: a class is taken for one certain other. */
#include "attacks/poison/poison_internal.h"

static status pairflip_check(const dataset *d, const poison *p, err *e) {
    status s = poison_check_class(d, p, "source", p->source, true, e);
    if (s != STATUS_OK) return s;
    if (p->source >= 0) s = poison_check_class(d, p, "target", p->target, false, e);
    if (s == STATUS_OK && p->source >= 0 && p->source == p->target)
        s = err_set(e, STATUS_USAGE, "pairflip: source and target are both %d, expected two classes",
                    p->source);
    if (s == STATUS_OK && p->source < 0 && p->target >= 0)
        s = err_set(e, STATUS_USAGE, "pairflip: target %d without a source, expected both or none",
                    p->target);
    return s;
}

static bool pairflip_candidate(const dataset *d, const poison *p, int row) {
    return p->source < 0 || d->labels[row] == p->source;
}

static int32_t pairflip_label(const dataset *d, const poison *p, uint64_t seed, int row) {
    (void)seed;
    return p->source >= 0 ? p->target : (d->labels[row] + 1) % d->classes;
}

const poison_method poison_pairflip = {
    .check = pairflip_check, .candidate = pairflip_candidate, .new_label = pairflip_label};
