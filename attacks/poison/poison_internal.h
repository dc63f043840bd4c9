/* What a kind of poison says about itself. */
#ifndef ATTACKS_POISON_POISON_INTERNAL_H
#define ATTACKS_POISON_POISON_INTERNAL_H

#include "attacks/poison.h"

typedef struct poison_method {
    bool share_of_all; /* a dose is a share of all rows, not of the candidates */
    bool stamps;       /* puts the trigger on the images */
    status (*check)(const dataset *d, const poison *p, err *e); /* of what belongs to this kind */
    bool (*candidate)(const dataset *d, const poison *p, int row);
    int32_t (*new_label)(const dataset *d, const poison *p, uint64_t seed, int row);
} poison_method;

extern const poison_method poison_flip, poison_pairflip, poison_groupflip, poison_badnets;

const poison_method *poison_method_of(poison_kind k);

/* STATUS_USAGE with the kind and the name of the option unless class is -1 (where `optional`) or one of d's. */
MUST_CHECK status poison_check_class(const dataset *d, const poison *p, const char *name, int class,
                                     bool optional, err *e);

/* A class other than the row's label, uniform, from a stream of (seed, row id). */
int32_t poison_other_class(const dataset *d, uint64_t seed, int row);

/* Everything that can be wrong with p for d. */
MUST_CHECK status poison_check(const dataset *d, const poison *p, err *e);

/* A copy of d where the rows with rows[i] != 0 carry the trigger (if the kind stamps) and all rows the given labels. */
MUST_CHECK status poison_write(const dataset *d, const poison *p, const uint8_t *rows, const int32_t *labels,
                               dataset *out, err *e);

/* The trigger of badnets on one image (h x w x c bytes). */
void poison_stamp(shape image, int patch, uint8_t *pixels);
int poison_patch(const poison *p); /* with the default filled in */

#endif
