/* Augmentations that change values where they are. */
#include "datasets/augment_internal.h"

float value_clip(float value) {
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

void augment_noise(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    size_t n = shape_size(s);
    for (size_t i = 0; i < n; i++)
        x[i] = value_clip(x[i] + strength * rng_normal(random));
}

/* Stretches about `centre`. */
static void stretch(size_t n, float centre, float factor, float *x) {
    for (size_t i = 0; i < n; i++)
        x[i] = value_clip(centre + factor * (x[i] - centre));
}

void image_brightness(float factor, shape s, float *x) {
    stretch(shape_size(s), 0, factor, x);
}

void image_contrast(float factor, shape s, float *x) {
    size_t n = shape_size(s);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    stretch(n, (float)(sum / (double)n), factor, x);
}

void augment_brightness(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    image_brightness(1 + rng_range(random, -strength, strength), s, x);
}

void augment_contrast(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    image_contrast(1 + rng_range(random, -strength, strength), s, x);
}
