/* Shared by the tests of kernels: awkward shapes, a naive convolution in double, buffers with guards. */
#ifndef TESTS_NETS_KERNELS_REFERENCE_H
#define TESTS_NETS_KERNELS_REFERENCE_H

#include <math.h>

#include "core/arena.h"
#include "nets/kernels/conv.h"
#include "tests/support/test.h"

/* splitmix64: numbers for tests, the same everywhere. */
static inline uint64_t next_number(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline int pick(uint64_t *state, const int *from, int n) {
    return from[next_number(state) % (uint64_t)n];
}

/* In [-1, 1), as multiples of 2^-23. */
static inline float next_value(uint64_t *state) {
    return (float)(next_number(state) >> 40) / 8388608.0f - 1;
}

enum { GUARD = 16 };
static const float guard_value = 12345.678f;

/* n floats between two guards; filled with values, or with NaN when state is NULL. Freed with guarded_free.
 */
static inline float *guarded_new(size_t n, uint64_t *state) {
    float *all = alloc_aligned((n + 2 * GUARD) * sizeof(float));
    assert_non_null(all);
    for (size_t i = 0; i < n + 2 * GUARD; i++)
        all[i] = i < GUARD || i >= n + GUARD ? guard_value : state ? next_value(state) : NAN;
    return all + GUARD;
}

static inline void guarded_free(float *v, size_t n) {
    for (size_t i = 0; i < GUARD; i++)
        if (v[-1 - (long)i] != guard_value || v[n + i] != guard_value)
            fail_msg("wrote outside a buffer of %zu floats", n);
    free(v - GUARD);
}

static inline size_t conv_in_count(const conv_geometry *g) {
    return (size_t)g->h * (size_t)g->w * (size_t)g->cin;
}
static inline size_t conv_out_count(const conv_geometry *g) {
    return (size_t)g->oh * (size_t)g->ow * (size_t)g->cout;
}
static inline size_t conv_w_count(const conv_geometry *g) {
    return (size_t)(g->kh * g->kw) * (size_t)(g->cin / g->groups) * (size_t)g->cout;
}

static inline conv_geometry conv_shape(int h, int w, int cin, int cout, int kh, int kw, int stride_h,
                                       int stride_w, int dilation, int pad, int groups) {
    conv_geometry g = {.h = h,
                       .w = w,
                       .cin = cin,
                       .cout = cout,
                       .kh = kh,
                       .kw = kw,
                       .stride_h = stride_h,
                       .stride_w = stride_w,
                       .dilation_h = dilation,
                       .dilation_w = dilation,
                       .pad_top = pad,
                       .pad_left = pad,
                       .groups = groups};
    g.oh = (h + 2 * pad - dilation * (kh - 1) - 1) / stride_h + 1;
    g.ow = (w + 2 * pad - dilation * (kw - 1) - 1) / stride_w + 1;
    return g;
}

static inline const char *conv_text(const conv_geometry *g) {
    static char text[200];
    snprintf(text, sizeof text,
             "%dx%dx%d -> %dx%dx%d, kernel %dx%d, stride %dx%d, dilation %d, pad %d,%d, groups %d", g->h,
             g->w, g->cin, g->oh, g->ow, g->cout, g->kh, g->kw, g->stride_h, g->stride_w, g->dilation_h,
             g->pad_top, g->pad_left, g->groups);
    return text;
}

/* Shape number i: first the awkward ones by hand, then random ones. */
enum { CONV_SHAPES = 220 };
static inline conv_geometry conv_shape_at(int i) {
    const conv_geometry awkward[] = {
        conv_shape(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1),     conv_shape(1, 1, 16, 16, 3, 3, 1, 1, 1, 1, 1),
        conv_shape(2, 2, 3, 10, 5, 5, 1, 1, 1, 2, 1),    conv_shape(1, 3, 5, 33, 7, 7, 1, 1, 1, 3, 1),
        conv_shape(7, 9, 17, 33, 3, 3, 3, 3, 1, 1, 1),   conv_shape(9, 9, 16, 64, 3, 3, 1, 1, 2, 2, 1),
        conv_shape(28, 28, 1, 32, 5, 5, 1, 1, 1, 2, 1),  conv_shape(14, 14, 32, 64, 5, 5, 1, 1, 1, 2, 1),
        conv_shape(28, 28, 16, 16, 3, 3, 1, 1, 1, 1, 1), conv_shape(28, 28, 16, 32, 3, 3, 2, 2, 1, 1, 1),
        conv_shape(28, 28, 16, 32, 1, 1, 2, 2, 1, 0, 1), conv_shape(7, 7, 64, 64, 3, 3, 1, 1, 1, 1, 1),
        conv_shape(32, 32, 3, 16, 3, 3, 1, 1, 1, 1, 1),  conv_shape(31, 5, 17, 80, 3, 1, 2, 1, 1, 1, 1),
        conv_shape(6, 6, 32, 32, 3, 3, 1, 1, 1, 1, 32),  conv_shape(6, 6, 32, 32, 3, 3, 2, 2, 1, 1, 32),
        conv_shape(8, 8, 12, 18, 3, 3, 1, 1, 1, 1, 3),   conv_shape(5, 5, 64, 17, 1, 1, 1, 1, 1, 0, 1),
        conv_shape(5, 7, 4, 8, 2, 2, 2, 2, 1, 0, 1),     conv_shape(6, 6, 8, 8, 2, 3, 5, 4, 3, 3, 1),
        conv_shape(9, 9, 8, 16, 1, 1, 1, 1, 1, 2, 1),    conv_shape(12, 12, 16, 8, 3, 3, 1, 2, 2, 0, 2),
        conv_shape(3, 40, 6, 1, 1, 11, 1, 1, 1, 5, 1),   conv_shape(10, 10, 130, 130, 3, 3, 1, 1, 1, 1, 1),
        conv_shape(61, 50, 33, 16, 3, 3, 1, 1, 1, 1, 1), conv_shape(40, 33, 16, 16, 5, 5, 1, 1, 1, 2, 1),
    };
    const int n_awkward = (int)(sizeof awkward / sizeof awkward[0]);
    if (i < n_awkward) return awkward[i];
    uint64_t s = (uint64_t)i;
    const int cins[] = {1, 2, 3, 5, 8, 16, 17, 32}, couts[] = {1, 3, 8, 10, 16, 24, 33, 48, 64},
              groups[] = {1, 1, 1, 2, 4};
    const int strides[] = {1, 1, 1, 2, 2, 3}, dilations[] = {1, 1, 1, 2};
    for (;;) {
        int group = pick(&s, groups, 5), cin = pick(&s, cins, 8) * group, cout = pick(&s, couts, 9) * group;
        int kh = 1 + (int)(next_number(&s) % 5), kw = 1 + (int)(next_number(&s) % 5),
            dilation = pick(&s, dilations, 4);
        int h = 1 + (int)(next_number(&s) % 16), w = 1 + (int)(next_number(&s) % 20),
            pad = (int)(next_number(&s) % 4);
        conv_geometry g = conv_shape(h, w, cin, cout, kh, kw, pick(&s, strides, 6), pick(&s, strides, 6),
                                     dilation, pad, group);
        if (next_number(&s) % 4 == 0)
            g.pad_left = 0, g.ow = (w + pad - dilation * (kw - 1) - 1) / g.stride_w + 1;
        bool fits =
            h + 2 * pad > dilation * (kh - 1) && w + (g.pad_left ? 2 * pad : pad) > dilation * (kw - 1);
        if (fits && g.oh > 0 && g.ow > 0) return g;
    }
}

/* Calls visit(user, input index, weight index, output index) for every product of the convolution. */
typedef void (*conv_visit)(void *user, size_t x, size_t w, size_t y);
static inline void conv_products(const conv_geometry *g, conv_visit visit, void *user) {
    int ci = g->cin / g->groups, co = g->cout / g->groups;
    for (int oy = 0; oy < g->oh; oy++)
        for (int ox = 0; ox < g->ow; ox++)
            for (int ky = 0; ky < g->kh; ky++)
                for (int kx = 0; kx < g->kw; kx++) {
                    int iy = oy * g->stride_h - g->pad_top + ky * g->dilation_h,
                        ix = ox * g->stride_w - g->pad_left + kx * g->dilation_w;
                    if (iy < 0 || iy >= g->h || ix < 0 || ix >= g->w) continue;
                    for (int o = 0; o < g->cout; o++)
                        for (int i = 0; i < ci; i++)
                            visit(user, (size_t)((iy * g->w + ix) * g->cin + o / co * ci + i),
                                  (size_t)(((ky * g->kw + kx) * ci + i) * g->cout + o),
                                  (size_t)((oy * g->ow + ox) * g->cout + o));
                }
}

/* Fails unless ||got - expected|| <= most * ||scale||, and NaNs stand in the same places. `scale` holds the
 * sums of absolute values. */
static inline void assert_close(const char *what, const char *shape, const float *got, const double *expected,
                                const double *scale, size_t n, double most) {
    for (size_t i = 0; i < n; i++) {
        if (isnan(expected[i]) != isnan(got[i]) || fabs(got[i] - expected[i]) > most * scale[i] + 1e-30)
            fail_msg("%s: %s: element %zu of %zu is %.9g, expected %.9g (sum of sizes %.3g)", what, shape, i,
                     n, (double)got[i], expected[i], scale[i]);
    }
}

#endif
