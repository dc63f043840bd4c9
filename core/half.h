/* The 16-bit floating formats of model files. */
#ifndef CORE_HALF_H
#define CORE_HALF_H

#include <stdint.h>

/* IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. To float exact; from float to the nearest, ties to even, what is
 * too large to infinity. NaN stays NaN. */
float float_of_half(uint16_t half);
uint16_t half_of_float(float value);

/* bfloat16 is the upper half of a float32; to the nearest, ties to even. */
float float_of_bfloat16(uint16_t bits);
uint16_t bfloat16_of_float(float value);

#endif
