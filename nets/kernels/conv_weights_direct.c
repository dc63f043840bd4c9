/* Weight gradients in tiles of conv_direct's kind. A row of the kernel reads kw * cin neighbouring floats of
 * a padded image for every output pixel; a tile is some of these times one or two vectors of output channels,
 * summed in registers over all pixels of an image, then added to dw. */
#include <stdalign.h>
#include <string.h>

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/direct_internal.h"

typedef struct layout {
    int rows, columns; /* of the padded image */
    int spans, span;   /* runs of neighbouring floats that a pixel reads in a row, and their length */
    size_t row;        /* floats */
} layout;

static layout layout_of(const conv_geometry *g) {
    layout l = {.rows = (g->oh - 1) * g->stride_h + (g->kh - 1) * g->dilation_h + 1,
                .columns = (g->ow - 1) * g->stride_w + (g->kw - 1) * g->dilation_w + 1};
    l.spans = g->dilation_w == 1 ? 1 : g->kw;
    l.span = g->kw / l.spans * g->cin;
    l.row = (size_t)l.columns * (size_t)g->cin;
    return l;
}

static size_t image_bytes(const layout *l) {
    return ((size_t)l->rows * l->row * sizeof(float) + 63) / 64 * 64;
}

static bool fits(const direct_ops *ops, const conv_geometry *g) {
    layout l = layout_of(g);
    return g->groups == 1 && g->cout % ops->lanes == 0 && image_bytes(&l) / sizeof(float) <= INT32_MAX;
}

static size_t scratch_bytes(const conv_geometry *g) {
    layout l = layout_of(g);
    return image_bytes(&l) + (size_t)g->oh * sizeof(direct_segment);
}

static void copy_image(const conv_geometry *g, const layout *l, const float *x, float *image) {
    int inside =
        l->columns - g->pad_left < g->w ? l->columns - g->pad_left : g->w; /* columns of x that are read */
    memset(image, 0, image_bytes(l));
    for (int y = 0; y < g->h && y + g->pad_top < l->rows && inside > 0; y++)
        memcpy(image + (size_t)(y + g->pad_top) * l->row + (size_t)g->pad_left * (size_t)g->cin,
               x + (size_t)y * (size_t)g->w * (size_t)g->cin,
               (size_t)inside * (size_t)g->cin * sizeof(float));
}

/* The gradient of `span` neighbouring weight rows; `image` is where the first output pixel reads the first of
 * them. */
static void add_span(const direct_ops *ops, const conv_geometry *g, int span, const direct_terms *t,
                     const float *image, const float *dy, float *dw) {
    alignas(64) float tile[DIRECT_TILE];
    epilogue add = {.addend = dw};
    for (int channel = 0, width; channel < g->cout; channel += width) {
        int vectors = g->cout - channel >= 2 * ops->lanes ? 2 : 1;
        int most = direct_tile_rows(span, ops->most_rows[vectors - 1]);
        width = vectors * ops->lanes;
        for (int r = 0, rows; r < span; r += rows) {
            rows = span - r < most ? span - r : most;
            ops->sum[0][vectors - 1][rows - 1](t, image + r, dy + channel, tile);
            direct_target target = {.p = &add,
                                    .out = dw,
                                    .channels = g->cout,
                                    .first = (size_t)r,
                                    .step = 1,
                                    .channel = channel,
                                    .count = width};
            ops->finish(&target, rows, width, tile);
        }
    }
}

static void add_image(const direct_ops *ops, const conv_geometry *g, const layout *l, const direct_terms *t,
                      const float *image, const float *dy, float *dw) {
    for (int ky = 0; ky < g->kh; ky++)
        for (int s = 0; s < l->spans; s++, dw += (size_t)l->span * (size_t)g->cout)
            add_span(ops, g, l->span, t,
                     image + (size_t)(ky * g->dilation_h) * l->row +
                         (size_t)(s * g->dilation_w) * (size_t)g->cin,
                     dy, dw);
}

static void add_images(const direct_ops *ops, const conv_geometry *g, int n, const float *x, const float *dy,
                       float *dw, float *db, void *scratch) {
    layout l = layout_of(g);
    float *image = scratch;
    direct_segment *segments = (direct_segment *)((char *)scratch + image_bytes(&l));
    for (int y = 0; y < g->oh; y++)
        segments[y] =
            (direct_segment){.offset = (int32_t)((size_t)(y * g->stride_h) * l.row), .count = g->ow};
    direct_terms t = {
        .n = g->oh, .segments = segments, .step_a = (ptrdiff_t)g->stride_w * g->cin, .step_b = g->cout};
    size_t pixels = (size_t)g->oh * (size_t)g->ow, size = (size_t)g->h * (size_t)g->w * (size_t)g->cin;
    for (int i = 0; i < n; i++, x += size, dy += pixels * (size_t)g->cout) {
        copy_image(g, &l, x, image);
        add_image(ops, g, &l, &t, image, dy, dw);
        if (db) conv_add_bias_gradient(pixels, g->cout, dy, db);
    }
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(const conv_geometry *g) {                                                     \
        return kernel_cpu_has_##set() && fits(&direct_##set, g);                                             \
    }                                                                                                        \
    static void run_##set(const conv_geometry *g, int n, const float *x, const float *dy, float *dw,         \
                          float *db, void *scratch) {                                                        \
        add_images(&direct_##set, g, n, x, dy, dw, db, scratch);                                             \
    }                                                                                                        \
    const conv_weights_kernel conv_weights_direct_##set = {"direct-" #set, supports_##set, scratch_bytes,    \
                                                           run_##set};

KERNEL(avx512)
KERNEL(avx2)
