/* Sharper or softer. */
#include <string.h>

#include "datasets/augment_internal.h"

/* The mean of a pixel and its neighbours, its own weight 5 of 13: what Pillow blends with. */
static float smoothed(const float *x, shape s, int row, int column, int channel) {
    float sum = 0;
    for (int i = 0; i < 9; i++) {
        int y = row + i / 3 - 1, z = column + i % 3 - 1;
        sum += (i == 4 ? 5 : 1) * x[((size_t)y * (size_t)s.w + (size_t)z) * (size_t)s.c + (size_t)channel];
    }
    return sum / 13;
}

void image_sharpness(float factor, shape s, float *x, float *scratch) {
    memcpy(scratch, x, shape_size(s) * sizeof *x);
    for (int row = 1; row < s.h - 1; row++)
        for (int i = s.c; i < (s.w - 1) * s.c; i++) {
            size_t at = (size_t)row * (size_t)s.w * (size_t)s.c + (size_t)i;
            float soft = smoothed(scratch, s, row, i / s.c, i % s.c);
            x[at] = value_clip(soft + factor * (scratch[at] - soft));
        }
}

void augment_sharpness(float strength, rng *random, shape s, float *x, float *scratch) {
    image_sharpness(1 + rng_range(random, -strength, strength), s, x, scratch);
}
