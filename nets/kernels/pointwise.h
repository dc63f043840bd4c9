/* Loops over the values that convolutions leave behind: one pass each over memory. They exist once per instruction set and
 * give the same bits in all: lanes are channels or neighbouring values, and no sum is reordered. */
#ifndef NETS_KERNELS_POINTWISE_H
#define NETS_KERNELS_POINTWISE_H

#include "nets/kernels/epilogue.h"

typedef struct pointwise_ops {
    /* y = epilogue(x * scale + shift) of `count` values, channel fastest; scale and shift per channel, both or none NULL; y may be x. */
    void (*finish)(const epilogue *p, size_t count, int channels, const float *x, const float *scale,
                   const float *shift, float *y);

    /* Sums per channel of x, or of (x - centre)^2 where centre is given, WRITTEN. */
    void (*sum)(size_t pixels, int channels, const float *x, const float *centre, double *sums);

    /* += sums per channel of dy and of dy * (x - centre). */
    void (*sum_products)(size_t pixels, int channels, const float *dy, const float *x, const float *centre,
                         double *sums, double *products);

    /* dx = a * dy + b * (x - centre) + k, all per channel. */
    void (*norm_backward)(size_t pixels, int channels, const float *dy, const float *x, const float *centre,
                          const float *a, const float *b, const float *k, float *dx);

    /* y = maximum over n >= 1 pixels of `channels` values, the first of equals, NaN above all; which (may be NULL) = the
     * position of the pixel that won. */
    void (*maximum)(int channels, int n, const float *const *pixels, const uint8_t *positions, float *y,
                    uint8_t *which);
} pointwise_ops;

/* The fastest that this CPU has. */
const pointwise_ops *pointwise(void);

/* Table k, NULL past the end or where this CPU lacks it; for tests. */
const pointwise_ops *pointwise_at(int k);

#endif
