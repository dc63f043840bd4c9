/* The threat model: what an attacker may do to one image, and the ball that says so in exact float32. */
#ifndef ATTACKS_THREAT_H
#define ATTACKS_THREAT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define NORM_LIST(X)                                                                                         \
    X(NORM_LINF, "linf")                                                                                     \
    X(NORM_L2, "l2")                                                                                         \
    X(NORM_L1, "l1")                                                                                         \
    X(NORM_L0, "l0")

typedef enum norm {
#define NORM_ENUM(code, name) code,
    NORM_LIST(NORM_ENUM)
#undef NORM_ENUM
        NORM_COUNT
} norm;

const char *norm_name(norm p);
MUST_CHECK status norm_parse(const char *name, norm *out, err *e);

/* The box [lb, ub] of x0 (d floats): for Linf [max(0, x0 - eps), min(1, x0 + eps)] with eps in units of the [0,1] input and both ends
 * rounded INWARDS to float32, so that every member is within eps in exact arithmetic; for other norms [0, 1]. */
void ball_box(norm p, double eps, const float *x0, size_t d, float *lb, float *ub);

/* ||x - x0||, in double. L0 is the number of floats that differ: a pixel of a colour image has three. */
double ball_distance(norm p, const float *x0, const float *x, size_t d);

/* Exactly inside: Linf: lb <= x <= ub in every component; else: in [0,1] and distance <= eps * (1 + 1e-6). NaN is outside. */
bool ball_contains(norm p, double eps, const float *x0, const float *lb, const float *ub, const float *x,
                   size_t d);
/* The same of a ball whose box is not at hand. */
bool ball_holds(norm p, double eps, const float *x0, const float *x, size_t d);

#endif
