/* Augmentations that map each value to another one. */
#include <math.h>

#include "datasets/augment_internal.h"

enum { LEVELS = 256 };

static int level_of(float value) {
    return (int)(value_clip(value) * (LEVELS - 1) + 0.5f);
}

void image_invert(shape s, float *x) {
    for (size_t i = 0; i < shape_size(s); i++)
        x[i] = 1 - x[i];
}

void image_posterize(int bits, shape s, float *x) {
    if (bits >= 8) return;
    int mask = LEVELS - (1 << (8 - bits));
    for (size_t i = 0; i < shape_size(s); i++)
        x[i] = (float)(level_of(x[i]) & mask) / (LEVELS - 1);
}

void image_solarize(float threshold, shape s, float *x) {
    for (size_t i = 0; i < shape_size(s); i++)
        if (x[i] >= threshold) x[i] = 1 - x[i];
}

static void stretch_channel(size_t n, size_t step, float *x) {
    float least = x[0], most = x[0];
    for (size_t i = 0; i < n; i += step) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    for (size_t i = 0; i < n && most > least; i += step)
        x[i] = value_clip((x[i] - least) / (most - least));
}

/* Each level goes to the share of values below it, where a share is counted in 255ths of all values but those of the highest level, as Pillow
 * does. */
static void equalize_channel(size_t n, size_t step, float *x) {
    long counts[LEVELS] = {0}, total = 0, below = 0;
    float to[LEVELS];
    int highest = 0;
    for (size_t i = 0; i < n; i += step) {
        int level = level_of(x[i]);
        counts[level]++;
        total++;
        highest = level > highest ? level : highest;
    }
    long share = (total - counts[highest]) / (LEVELS - 1);
    if (share == 0) return;
    for (int k = 0; k < LEVELS; k++) {
        to[k] = value_clip((float)((below + share / 2) / share) / (LEVELS - 1));
        below += counts[k];
    }
    for (size_t i = 0; i < n; i += step)
        x[i] = to[level_of(x[i])];
}

void image_autocontrast(shape s, float *x) {
    for (int c = 0; c < s.c; c++)
        stretch_channel(shape_size(s) - (size_t)c, (size_t)s.c, x + c);
}

void image_equalize(shape s, float *x) {
    for (int c = 0; c < s.c; c++)
        equalize_channel(shape_size(s) - (size_t)c, (size_t)s.c, x + c);
}

void augment_invert(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    if (rng_uniform(random) < strength) image_invert(s, x);
}

void augment_posterize(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    int fewest = (int)strength;
    image_posterize(fewest + (int)rng_below(random, (uint32_t)(9 - fewest)), s, x);
}

void augment_solarize(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    image_solarize(rng_range(random, strength, 1), s, x);
}

void augment_autocontrast(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    if (rng_uniform(random) < strength) image_autocontrast(s, x);
}

void augment_equalize(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    if (rng_uniform(random) < strength) image_equalize(s, x);
}
