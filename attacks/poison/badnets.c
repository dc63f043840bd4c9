/* BadNets: Gu, Dolan-Gavitt, Garg, "Identifying vulnerabilities in the machine learning model supply chain", 2017: a small
 * trigger that the network learns to take for the target class. */
#include <string.h>

#include "attacks/poison/poison_internal.h"

enum { DEFAULT_PATCH = 3, BORDER = 1, WHITE = 255 };

int poison_patch(const poison *p) {
    return p->patch == 0 ? DEFAULT_PATCH : p->patch;
}

static status badnets_check(const dataset *d, const poison *p, err *e) {
    int patch = poison_patch(p), side = d->image.h < d->image.w ? d->image.h : d->image.w;
    if (!d->pixels)
        return err_set(e, STATUS_UNSUPPORTED, "badnets: %s holds float images, expected uint8", d->name);
    if (patch < 1 || patch > side - BORDER)
        return err_set(e, STATUS_USAGE, "badnets: a patch of side %d, expected 1..%d in images of %d x %d",
                       patch, side - BORDER, d->image.h, d->image.w);
    status s = poison_check_class(d, p, "target", p->target, false, e);
    if (s == STATUS_OK) s = poison_check_class(d, p, "source", p->source, true, e);
    if (s == STATUS_OK && p->source == p->target)
        s = err_set(e, STATUS_USAGE, "badnets: source and target are both %d, expected two classes",
                    p->target);
    return s;
}

static bool badnets_candidate(const dataset *d, const poison *p, int row) {
    return p->source >= 0 ? d->labels[row] == p->source : d->labels[row] != p->target;
}

static int32_t badnets_label(const dataset *d, const poison *p, uint64_t seed, int row) {
    (void)d, (void)seed, (void)row;
    return p->target;
}

void poison_stamp(shape image, int patch, uint8_t *pixels) {
    size_t left = (size_t)(image.w - BORDER - patch), width = (size_t)patch * (size_t)image.c;
    for (int y = image.h - BORDER - patch; y < image.h - BORDER; y++)
        memset(pixels + ((size_t)y * (size_t)image.w + left) * (size_t)image.c, WHITE, width);
}

const poison_method poison_badnets = {.share_of_all = true,
                                      .stamps = true,
                                      .check = badnets_check,
                                      .candidate = badnets_candidate,
                                      .new_label = badnets_label};
