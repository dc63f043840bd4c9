/* Questions about an array of floats. */
#ifndef CORE_FLOATS_H
#define CORE_FLOATS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether none of them is NaN or infinite; true of none at all. */
bool floats_finite(const float *x, size_t n);

/* Whether all are 0. */
bool floats_zero(const float *x, size_t n);

#endif
