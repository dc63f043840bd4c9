/* Limited-memory BFGS: the curvature that the last few steps met (Nocedal, "Updating quasi-Newton matrices with limited storage", 1980). */
#ifndef ATTACKS_EVASION_LBFGS_MEMORY_INTERNAL_H
#define ATTACKS_EVASION_LBFGS_MEMORY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

enum { LBFGS_PAIRS = 5 };

typedef struct lbfgs_memory {
    size_t d;
    int count, next;
    float *pairs; /* 2 * LBFGS_PAIRS * d floats of the caller's: steps, and the changes of the gradient along them */
} lbfgs_memory;

/* Notes a step and the change of the gradient along it; one along which the gradient does not grow says nothing of a minimum and is left out. */
void lbfgs_memory_add(lbfgs_memory *m, const float *step, const float *change);

/* v <- -H v for the `loose` components, as if the others, whose v must be 0, were constants (Bertsekas 1982: what the box holds is left out).
 * `scale` > 0: H where nothing is noted. */
void lbfgs_memory_direction(const lbfgs_memory *m, double scale, const bool *loose, float *v);

#endif
