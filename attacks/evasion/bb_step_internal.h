/* The subproblem of the Brendel-Bethge attack. */
#ifndef ATTACKS_EVASION_BB_STEP_INTERNAL_H
#define ATTACKS_EVASION_BB_STEP_INTERNAL_H

#include "attacks/evasion/evasion_internal.h"

/* Moves x to the point of the plane <b, y - x> = wanted inside the box and within `radius` > 0 (L2) of x that is nearest to the clean image in the norm of s (L2, L1, Linf).
 * Where the plane is out of reach, as far towards it as box and radius let (Brendel et al. 2019, equation 2): false. b: d finite floats, not all zero. */
bool bb_step(const attack_sample *s, const float *b, double wanted, double radius, float *x);

/* The same for L0: few floats differ from the clean image at a point with <b, y - x> >= wanted. The fewest where the trust region does not bind; where it does, few. */
bool bb_step_sparse(const attack_sample *s, const float *b, double wanted, double radius, float *x);

#endif
