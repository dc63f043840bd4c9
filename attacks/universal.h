/* One perturbation for all images: Moosavi-Dezfooli et al., "Universal adversarial perturbations", CVPR 2017, made by stochastic gradient steps on a clipped
 * loss as Shafahi et al., "Universal adversarial training", AAAI 2020. */
#ifndef ATTACKS_UNIVERSAL_H
#define ATTACKS_UNIVERSAL_H

#include "attacks/changed.h"
#include "attacks/learned.h"
#include "attacks/threat.h"

/* delta (d floats, ||delta|| <= eps) <- one that fools m on the images of d: drives them from their labels, or to p->target. Steps are in units of eps. From a random
 * start. which: Linf or L2. STATUS_USAGE where plan, norm, model or data do not fit. */
MUST_CHECK status universal_learn(model *m, const dataset *d, norm which, double eps, const learn_plan *p, const run *r,
                                  const char *stage, float *delta, learn_cost *cost, err *e);

/* delta <- one by chance of the same size: eps or -eps in every pixel (Linf), a random direction of length eps (L2). */
void universal_random(norm which, double eps, uint64_t seed, size_t d, float *delta);

/* The images of d with delta added, cut to [0, 1]. */
typedef struct universal_change {
    const float *delta;
    size_t d;
} universal_change;
void universal_make(const void *universal_change, int row, float *x); /* for image_change */

#endif
