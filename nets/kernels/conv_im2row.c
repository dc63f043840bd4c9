/* Between an image and the matrix of what each output pixel reads. */
#include <string.h>

#include "nets/kernels/conv_internal.h"

/* Taps [*from, *to) of a kernel row (or column) fall inside the input for output `at`; `start` is where tap 0
 * falls. */
static void places_inside(int start, int dilation, int taps, int size, int *from, int *to) {
    *from = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    *to = start >= size ? 0 : (size - start + dilation - 1) / dilation;
    if (*to > taps) *to = taps;
    if (*from > *to) *from = *to;
}

/* One row of taps of one output pixel: [kw][channels] from `pixel`, the (possibly virtual) input pixel of tap
 * 0. */
static void gather(const conv_geometry *g, int start, int channels, const float *row, float *to) {
    int a, b;
    places_inside(start, g->dilation_w, g->kw, g->w, &a, &b);
    size_t n = (size_t)channels;
    memset(to, 0, (size_t)a * n * sizeof(float));
    if (g->dilation_w == 1 && channels == g->cin) {
        if (b > a)
            memcpy(to + (size_t)a * n, row + (size_t)(start + a) * n, (size_t)(b - a) * n * sizeof(float));
    } else {
        for (int kx = a; kx < b; kx++)
            memcpy(to + (size_t)kx * n, row + (size_t)(start + kx * g->dilation_w) * (size_t)g->cin,
                   n * sizeof(float));
    }
    memset(to + (size_t)b * n, 0, (size_t)(g->kw - b) * n * sizeof(float));
}

void conv_im2row(const conv_geometry *g, int first, int channels, const float *x, float *rows) {
    size_t line = (size_t)g->kw * (size_t)channels;
    for (int oy = 0; oy < g->oh; oy++)
        for (int ox = 0; ox < g->ow; ox++)
            for (int ky = 0; ky < g->kh; ky++, rows += line) {
                int iy = conv_source(CONV_FORWARD, oy, ky, g->stride_h, g->dilation_h, g->pad_top, g->h);
                if (iy < 0)
                    memset(rows, 0, line * sizeof(float));
                else
                    gather(g, ox * g->stride_w - g->pad_left, channels,
                           x + (size_t)iy * (size_t)g->w * (size_t)g->cin + first, rows);
            }
}

/* n pixels of `channels` values: to[i * step_to + c] += from[i * step_from + c]; the longer loop is the inner
 * one. */
static void add_pixels(int n, int channels, const float *restrict from, size_t step_from, float *restrict to,
                       size_t step_to) {
    if (channels < 8) {
        for (int c = 0; c < channels; c++, from++, to++)
            for (size_t i = 0; i < (size_t)n; i++)
                to[i * step_to] += from[i * step_from];
    } else {
        for (int i = 0; i < n; i++, from += step_from, to += step_to)
            for (int c = 0; c < channels; c++)
                to[c] += from[c];
    }
}

void conv_row2im(const conv_geometry *g, int first, int channels, const float *rows, size_t ld, float *dx) {
    for (int oy = 0; oy < g->oh; oy++, rows += (size_t)g->ow * ld)
        for (int ky = 0; ky < g->kh; ky++) {
            int iy = conv_source(CONV_FORWARD, oy, ky, g->stride_h, g->dilation_h, g->pad_top, g->h);
            for (int kx = 0; kx < g->kw && iy >= 0; kx++) {
                int start = kx * g->dilation_w - g->pad_left, a, b;
                places_inside(start, g->stride_w, g->ow, g->w, &a, &b);
                if (a == b) continue;
                size_t pixel = (size_t)iy * (size_t)g->w + (size_t)(start + a * g->stride_w);
                add_pixels(b - a, channels,
                           rows + (size_t)a * ld + (size_t)(ky * g->kw + kx) * (size_t)channels, ld,
                           dx + pixel * (size_t)g->cin + first, (size_t)g->stride_w * (size_t)g->cin);
            }
        }
}
