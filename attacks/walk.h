/* Methods carried to their end by the runner (attacks/runner.h), and where they arrived. A verdict on a model needs no more than the first iterate that fools it;
 * images that are to fool others transfer the better the further they went (Dong et al. 2018). */
#ifndef ATTACKS_WALK_H
#define ATTACKS_WALK_H

#include "attacks/attack.h"
#include "datasets/dataset.h"
#include "nets/model.h"

typedef struct walk_plan {
    const attack *method; /* one of walk_method_at */
    attack_options options; /* zeros take the method's defaults; one restart */
    norm norm;
    double eps; /* > 0 */
} walk_plan;

typedef struct walk_cost {
    uint64_t forwards, backwards;
    int64_t outside; /* images some iterate of which lies outside the ball: a bug of the method */
} walk_cost;

/* The methods whose last iterate is what they are after: mifgsm, pgd, bim, fgsm, rfgsm. NULL past the end. */
const attack *walk_method_at(int i);

/* examples (n x d floats) <- the last iterate of every image of d, whether it fools m or not. Images that m gets wrong unchanged are walked
 * too. Adds to *cost. STATUS_USAGE where plan, data and model do not fit. After STATUS_CANCELLED the examples say nothing. */
MUST_CHECK status walk_all(model *m, const dataset *d, const walk_plan *p, const run *r, float *examples,
                           walk_cost *cost, err *e);

#endif
