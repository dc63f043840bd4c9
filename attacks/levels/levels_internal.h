/* The images of 256 levels in a ball. Of a sample its d, norm, eps, x0, lb, ub count; x0 is of 256 levels itself, and the box that of level_box. */
#ifndef ATTACKS_LEVELS_LEVELS_INTERNAL_H
#define ATTACKS_LEVELS_LEVELS_INTERNAL_H

#include "attacks/attack.h"

/* Whether a ball of this eps holds any image of levels but the unchanged one. */
bool level_any(double eps);

/* The box of x0 in whole levels: linf as many either way as eps holds, other norms all 256. */
void level_box(norm p, double eps, const float *x0, size_t d, float *lb, float *ub);

/* out <- an image of levels near x, inside the ball: each value at the nearest level, or, where that leaves a ball of all values together, as many as need be at the next level
 * towards x0, first those that were about as near to it. False where x lies outside the ball by more than rounding. */
bool level_round(const attack_sample *s, const float *x, float *out);

/* out <- x moved on in its direction to the edge of the ball: linf and l0 every changed value to the edge of its box, else the farthest point clip(x0 + t (x - x0)) inside. False where x is x0. */
bool level_push(const attack_sample *s, const float *x, float *out);

/* Moves x (floats, inside the ball) along the gradient, as ball_ascend does: share * eps, but at least one level. l0: each value that differs from x0 by share of the box. */
void level_ascend(const attack_sample *s, double share, const float *gradient, float *x);

#endif
