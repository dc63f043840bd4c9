/* Between an image and the matrix of what each output pixel reads. */
#include <string.h>

#include "nets/kernels/conv_internal.h"

/* Taps [*from, *to) of a kernel row (or column) fall inside the input for output `at`; `start` is where tap 0
 * falls. */
static void taps_inside(int start, int dilation, int taps, int size, int *from, int *to) {
    *from = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    *to = start >= size ? 0 : (size - start + dilation - 1) / dilation;
    if (*to > taps) *to = taps;
    if (*from > *to) *from = *to;
}

/* One row of taps of one output pixel: [kw][channels] from `pixel`, the (possibly virtual) input pixel of tap
 * 0. */
static void gather(const conv_geometry *g, int start, int channels, const float *row, float *to) {
    int a, b;
    taps_inside(start, g->dilation_w, g->kw, g->w, &a, &b);
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

static void scatter(const conv_geometry *g, int start, int channels, const float *from, float *row) {
    int a, b;
    taps_inside(start, g->dilation_w, g->kw, g->w, &a, &b);
    for (int kx = a; kx < b; kx++) {
        float *to = row + (size_t)(start + kx * g->dilation_w) * (size_t)g->cin;
        for (int c = 0; c < channels; c++)
            to[c] += from[(size_t)kx * (size_t)channels + (size_t)c];
    }
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

void conv_row2im(const conv_geometry *g, int first, int channels, const float *rows, float *dx) {
    size_t line = (size_t)g->kw * (size_t)channels;
    for (int oy = 0; oy < g->oh; oy++)
        for (int ox = 0; ox < g->ow; ox++)
            for (int ky = 0; ky < g->kh; ky++, rows += line) {
                int iy = conv_source(CONV_FORWARD, oy, ky, g->stride_h, g->dilation_h, g->pad_top, g->h);
                if (iy >= 0)
                    scatter(g, ox * g->stride_w - g->pad_left, channels, rows,
                            dx + (size_t)iy * (size_t)g->w * (size_t)g->cin + first);
            }
}
