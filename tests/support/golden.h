/* The formula behind the golden files (tests/golden/make_golden.py), and their arrays. */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include <stdint.h>

#include "core/npy.h"

/* 32-bit FNV-1a of a tensor's name. */
uint32_t golden_key(const char *text);

/* Integer hash of (key, i), as a float in [-1, 1) with 24 bits. */
float golden_unit(uint32_t key, uint32_t i);

/* tests/golden/<file>; fails the test when it cannot be read. Free with npz_free. */
npz golden_open(const char *file);

/* The array `name` with `count` elements, as doubles; fails the test when it is not there or has another
 * count. The caller frees. */
double *golden_array(const npz *z, const char *name, int64_t count);

#endif
