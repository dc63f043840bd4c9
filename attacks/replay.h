/* Examples that are kept from earlier runs, tried before any attack: the start of a cascade. */
#ifndef ATTACKS_REPLAY_H
#define ATTACKS_REPLAY_H

#include "attacks/runner.h"

/* Asks the model for every clean image of d, and for the stored image of each row that has one (`stored`: d->n pointers to images as floats, NULL
 * where there is none; `stored` NULL: none at all). A stored image counts at the smallest eps of the plan whose ball holds it exactly, as everywhere; one that
 * lies in no ball, or belongs to an image that is wrong unchanged, is not tried. The one forward pass of each is the fresh one that
 * other successes get as a re-check.
 *
 * `out` is what attack_run gives and what the `after` of a plan takes: every sample is finished. Of the plan norm, eps, targets and keep_examples count. Errors
 * are those of attack_run; STATUS_CANCELLED leaves nothing. */
MUST_CHECK status attack_replay(model *m, const dataset *d, const attack_plan *plan, const float *const *stored,
                                const run *r, attack_result *out, err *e);

#endif
