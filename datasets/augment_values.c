/* Augmentations that change values where they are. */
#include "datasets/augment_internal.h"

static float clip(float value) {
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

void augment_noise(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    size_t n = shape_size(s);
    for (size_t i = 0; i < n; i++)
        x[i] = clip(x[i] + strength * rng_normal(random));
}

/* Stretches about `centre`. */
static void stretch(size_t n, float centre, float factor, float *x) {
    for (size_t i = 0; i < n; i++)
        x[i] = clip(centre + factor * (x[i] - centre));
}

void augment_brightness(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    stretch(shape_size(s), 0, 1 + rng_range(random, -strength, strength), x);
}

void augment_contrast(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    size_t n = shape_size(s);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    stretch(n, (float)(sum / (double)n), 1 + rng_range(random, -strength, strength), x);
}

/* The places first..first+side-1 that lie in 0..n-1. */
static void clip_span(int first, int side, int n, int *from, int *to) {
    *from = first < 0 ? 0 : first;
    *to = first + side > n ? n : first + side;
}

void augment_cutout(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    const float grey = 0.5f;
    int side = (int)strength, top, bottom, left, right;
    clip_span((int)rng_below(random, (uint32_t)s.h) - side / 2, side, s.h, &top, &bottom);
    clip_span((int)rng_below(random, (uint32_t)s.w) - side / 2, side, s.w, &left, &right);
    for (int row = top; row < bottom; row++)
        for (int i = left * s.c; i < right * s.c; i++)
            x[(size_t)row * (size_t)s.w * (size_t)s.c + (size_t)i] = grey;
}
