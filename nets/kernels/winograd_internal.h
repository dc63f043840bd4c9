/* Winograd convolution (Winograd 1980; Lavin and Gray 2016) with the points 0, 1, -1, 2, -2 and infinity: tiles of 6 x 6 inputs give
 * m x m outputs of r x r taps, m + r = 7, with 36 products a channel pair instead of m * m * r * r. What is shared by the driver
 * (conv_winograd.c) and the transforms of one instruction set (winograd_avx2.c, winograd_avx512.c, both made from winograd_tile.h). */
#ifndef NETS_KERNELS_WINOGRAD_INTERNAL_H
#define NETS_KERNELS_WINOGRAD_INTERNAL_H

#include <stddef.h>

#include "nets/kernels/direct_internal.h"

enum {
    WINOGRAD_SIDE = 6,
    WINOGRAD_PRODUCTS = WINOGRAD_SIDE * WINOGRAD_SIDE,
    WINOGRAD_BLOCK = DIRECT_BLOCK /* channels of a pixel that lie together */
};

typedef struct winograd_ops {
    const direct_ops *direct; /* sums products, and finishes outputs */
    /* B' d B of 6 x 6 pixels of WINOGRAD_BLOCK channels each, rows `row` floats apart. Product k goes to to + k * step. */
    void (*input)(const float *pixels, size_t row, float *to, size_t step);
    /* A' m A of `width` channels: product k at from + k * step; m x m pixels, `width` floats each, to rows `row` floats apart. */
    void (*output)(int m, int width, const float *from, size_t step, float *pixels, size_t row);
    /* G g G' of `width` channels: r x r taps, `width` floats each; product k goes to to + k * step. */
    void (*weights)(int r, int width, const float *taps, float *to, size_t step);
    /* The transpose of `output`, A y A': m x m pixels of `width` channels, `pixel` floats apart in rows `row` floats apart. */
    void (*spread)(int m, int width, const float *pixels, size_t row, size_t pixel, float *to, size_t step);
    /* The transpose of `weights`, G' u G, added to r x r taps `tap` floats apart. */
    void (*taps)(int r, int width, const float *from, size_t step, float *to, size_t tap);
} winograd_ops;

extern const winograd_ops winograd_avx2, winograd_avx512;

#endif
