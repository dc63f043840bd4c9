#include "core/half.h"

#include <math.h>
#include <string.h>

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* bits >> shift to the nearest integer, ties to even; shift in 1..31. */
static uint32_t shift_to_nearest(uint32_t bits, int shift) {
    uint32_t kept = bits >> shift, rest = bits & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return kept + (rest > middle || (rest == middle && (kept & 1)));
}

float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent > 0) return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

uint16_t half_of_float(float value) {
    uint32_t bits = bits_of_float(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (isnan(value)) return (uint16_t)(sign | 0x7e00);
    float size = fabsf(value);
    if (size >= 65520) return (uint16_t)(sign | 0x7c00); /* halfway between the largest half and the next */
    if (size < 0x1p-14f)
        return (uint16_t)(sign | (uint32_t)lrintf(size * 0x1p24f)); /* subnormal: in units of 2^-24 */
    return (uint16_t)(sign | (shift_to_nearest(magnitude, 13) - ((127 - 15) << 10)));
}

float float_of_bfloat16(uint16_t bits) {
    return float_of_bits((uint32_t)bits << 16);
}

uint16_t bfloat16_of_float(float value) {
    uint32_t bits = bits_of_float(value);
    if (isnan(value)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)shift_to_nearest(bits, 16);
}
