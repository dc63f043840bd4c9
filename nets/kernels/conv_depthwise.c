/* Depthwise convolution (one channel a group): there is no matrix product in it, so it has a kernel of its
 * own for every choice. Plain C without fused multiply-adds: the same bits on every x86-64. */
#include <string.h>

#include "nets/kernels/conv_internal.h"

static bool supports(conv_pass pass, const conv_geometry *g) {
    (void)pass;
    return conv_is_depthwise(g);
}

static size_t pack_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass;
    return conv_weight_count(g) * sizeof(float);
}

static size_t scratch_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass, (void)g;
    return 0;
}

static void pack(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {
    memcpy(packed, w, pack_bytes(pass, g));
}

static void add_products(int n, const float *restrict a, const float *restrict b, float *restrict to) {
    for (int c = 0; c < n; c++)
        to[c] += a[c] * b[c];
}

/* to (channels) += what output pixel (y, x) of the pass reads. */
static void sum_pixel(conv_pass pass, const conv_geometry *g, int y, int x, const float *in, const float *w,
                      float *to) {
    conv_sides s = conv_sides_of(pass, g);
    for (int ky = 0; ky < g->kh; ky++) {
        int sy = conv_source(pass, y, ky, g->stride_h, g->dilation_h, g->pad_top, s.in_h);
        for (int kx = 0; kx < g->kw && sy >= 0; kx++) {
            int sx = conv_source(pass, x, kx, g->stride_w, g->dilation_w, g->pad_left, s.in_w);
            if (sx < 0) continue;
            size_t pixel = (size_t)sy * (size_t)s.in_w + (size_t)sx, tap = (size_t)(ky * g->kw + kx),
                   c = (size_t)g->cout;
            add_products(g->cout, in + pixel * c, w + tap * c, to);
        }
    }
}

static void run_image(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,
                      const epilogue *p, float *out, void *scratch) {
    (void)scratch;
    conv_sides s = conv_sides_of(pass, g);
    size_t channels = (size_t)g->cout, count = (size_t)s.out_h * (size_t)s.out_w * channels;
    bool in_place = p->addend == out;
    if (!in_place) memset(out, 0, count * sizeof(float));
    for (int y = 0; y < s.out_h; y++)
        for (int x = 0; x < s.out_w; x++)
            sum_pixel(pass, g, y, x, in, packed, out + ((size_t)y * (size_t)s.out_w + (size_t)x) * channels);
    epilogue rest = *p;
    if (in_place) rest.addend = NULL;
    epilogue_apply(&rest, count, s.out_c, out);
}

const conv_kernel conv_depthwise = {"depthwise", supports, pack_bytes, scratch_bytes, pack, run_image};

static bool weights_supports(const conv_geometry *g) {
    return conv_is_depthwise(g);
}

static size_t weights_scratch_bytes(const conv_geometry *g) {
    (void)g;
    return 0;
}

/* dw of one tap from one image. */
static void add_tap(const conv_geometry *g, int ky, int kx, const float *x, const float *dy, float *dw) {
    size_t channels = (size_t)g->cout;
    for (int oy = 0; oy < g->oh; oy++) {
        int iy = conv_source(CONV_FORWARD, oy, ky, g->stride_h, g->dilation_h, g->pad_top, g->h);
        for (int ox = 0; ox < g->ow && iy >= 0; ox++) {
            int ix = conv_source(CONV_FORWARD, ox, kx, g->stride_w, g->dilation_w, g->pad_left, g->w);
            if (ix < 0) continue;
            size_t from = (size_t)iy * (size_t)g->w + (size_t)ix,
                   to = (size_t)oy * (size_t)g->ow + (size_t)ox;
            add_products(g->cout, x + from * channels, dy + to * channels, dw);
        }
    }
}

static void run_weights(const conv_geometry *g, int n, const float *x, const float *dy, float *dw, float *db,
                        void *scratch) {
    (void)scratch;
    size_t channels = (size_t)g->cout, pixels = (size_t)g->oh * (size_t)g->ow;
    for (int i = 0; i < n; i++, x += (size_t)g->h * (size_t)g->w * channels, dy += pixels * channels) {
        for (int ky = 0; ky < g->kh; ky++)
            for (int kx = 0; kx < g->kw; kx++)
                add_tap(g, ky, kx, x, dy, dw + (size_t)(ky * g->kw + kx) * channels);
        if (db) conv_add_bias_gradient(pixels, g->cout, dy, db);
    }
}

const conv_weights_kernel conv_weights_depthwise = {"depthwise", weights_supports, weights_scratch_bytes,
                                                    run_weights};
