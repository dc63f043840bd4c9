/* What the convolution kernels share. */
#ifndef NETS_KERNELS_CONV_INTERNAL_H
#define NETS_KERNELS_CONV_INTERNAL_H

#include "nets/kernels/conv.h"
#include "nets/kernels/cpu_internal.h"

/* A pass seen as a gather: every output element is a sum over taps and input channels. `in` and `out` are
 * meant per image. */
typedef struct conv_sides {
    int in_h, in_w, in_c;
    int out_h, out_w, out_c;
} conv_sides;

static inline conv_sides conv_sides_of(conv_pass pass, const conv_geometry *g) {
    return pass == CONV_FORWARD ? (conv_sides){g->h, g->w, g->cin, g->oh, g->ow, g->cout}
                                : (conv_sides){g->oh, g->ow, g->cout, g->h, g->w, g->cin};
}

static inline size_t conv_weight_count(const conv_geometry *g) {
    return (size_t)g->kh * (size_t)g->kw * (size_t)(g->cin / g->groups) * (size_t)g->cout;
}

static inline bool conv_is_depthwise(const conv_geometry *g) {
    return g->groups > 1 && g->groups == g->cin && g->groups == g->cout;
}

/* 1x1, stride 1, no padding: a matrix product over pixels as they lie. */
static inline bool conv_is_pointwise(const conv_geometry *g) {
    return g->kh == 1 && g->kw == 1 && g->stride_h == 1 && g->stride_w == 1 && g->pad_top == 0 &&
           g->pad_left == 0 && g->oh == g->h && g->ow == g->w;
}

/* The row (or column) of the input that tap k reads for row `at` of the output, or -1 where it reads padding,
 * or, in a backward pass with stride, where no output of the forward pass used it. `size` is the input's
 * number of rows. */
int conv_source(conv_pass pass, int at, int k, int stride, int dilation, int pad, int size);

/* rows [oh * ow][kh * kw * channels]: for every output pixel the input it reads, channels [first, first +
 * channels) of x. */
void conv_im2row(const conv_geometry *g, int first, int channels, const float *x, float *rows);

/* The transpose: adds rows (ld floats apart) into channels [first, first + channels) of dx. */
void conv_row2im(const conv_geometry *g, int first, int channels, const float *rows, size_t ld, float *dx);

/* db (channels) += sums of dy (pixels x channels) over its pixels, in order. */
void conv_add_bias_gradient(size_t pixels, int channels, const float *dy, float *db);

/* Whether Winograd is faster than a direct sum for a shape that it supports. */
bool conv_winograd_pays(conv_pass pass, const conv_geometry *g);
bool conv_weights_winograd_pays(const conv_geometry *g);

extern const conv_kernel conv_plain, conv_gemm, conv_depthwise, conv_direct_avx2, conv_direct_avx512,
    conv_winograd_avx2, conv_winograd_avx512;
extern const conv_weights_kernel conv_weights_plain, conv_weights_gemm, conv_weights_depthwise,
    conv_weights_direct_avx2, conv_weights_direct_avx512, conv_weights_winograd_avx2,
    conv_weights_winograd_avx512;

#endif
