/* Winograd convolution for both passes, 3x3 and 5x5 taps at stride 1. An image is cut into tiles; a tile becomes 36 products for every
 * channel, each product is summed over input channels for all tiles of the image, and the sums become output pixels.
 *
 * Packed weights: the segments of a sum, then for each block of output channels and each product its weights, [input channel][width].
 * Scratch: the padded image [block][y][x][channel of the block]; of a band of tiles that fits the cache, transformed inputs
 * [product][block][tile][channel of the block] and sums [product][tile][width]; a row of tiles of finished pixels.
 *
 * Errors are some ten roundings of the largest term of a tile where a direct sum has one or two, and NaN or infinity spreads over its
 * tile. */
#include <stdalign.h>
#include <string.h>

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/winograd_plan.h"

/* Where fewer products pay for the transforms: of the shapes of bench_kernels all from 7x7 with 16 channels on both sides up, and none with
 * fewer. */
bool conv_winograd_pays(conv_pass pass, const conv_geometry *g) {
    conv_sides s = conv_sides_of(pass, g);
    return s.in_c >= 16 && s.out_c >= 16 && s.out_h * s.out_w >= 36;
}

static size_t segments_bytes(const winograd_plan *p) {
    return ((size_t)p->blocks * sizeof(direct_segment) + 63) / 64 * 64;
}

static size_t pack_bytes(const winograd_ops *ops, conv_pass pass, const conv_geometry *g) {
    winograd_plan p = winograd_plan_of(pass, g);
    int lanes = ops->direct->lanes;
    size_t channels = (size_t)((p.s.out_c + lanes - 1) / lanes * lanes);
    return segments_bytes(&p) + WINOGRAD_PRODUCTS * (size_t)p.s.in_c * channels * sizeof(float);
}

static size_t sums_floats(const winograd_ops *ops, const winograd_plan *p) {
    return WINOGRAD_PRODUCTS * (size_t)winograd_tiles(p) * (size_t)(DIRECT_MOST_VECTORS * ops->direct->lanes);
}

static size_t pixels_floats(const winograd_ops *ops, const winograd_plan *p) {
    return (size_t)(p->m * p->m * p->columns) * (size_t)(DIRECT_MOST_VECTORS * ops->direct->lanes);
}

static size_t scratch_bytes(const winograd_ops *ops, conv_pass pass, const conv_geometry *g) {
    winograd_plan p = winograd_plan_of(pass, g);
    return (p.plane * (size_t)p.blocks + WINOGRAD_PRODUCTS * p.products + sums_floats(ops, &p) +
            pixels_floats(ops, &p)) *
           sizeof(float);
}

/* Taps between an input channel of the pass and output channels [first, first + n), [tap][width], 0 behind the last: for a gradient those
 * of the forward pass, turned. */
static void gather_taps(conv_pass pass, const conv_geometry *g, const float *w, int in, int first, int n,
                        int width, float *to) {
    int taps = g->kh * g->kw;
    size_t pair = (size_t)g->cin * (size_t)g->cout, row = (size_t)g->cout;
    for (int k = 0; k < taps; k++, to += width) {
        const float *from = pass == CONV_FORWARD
                                ? w + (size_t)k * pair + (size_t)in * row + (size_t)first
                                : w + (size_t)(taps - 1 - k) * pair + (size_t)first * row + (size_t)in;
        size_t step = pass == CONV_FORWARD ? 1 : row;
        for (int c = 0; c < width; c++)
            to[c] = c < n ? from[(size_t)c * step] : 0;
    }
}

static void pack(const winograd_ops *ops, conv_pass pass, const conv_geometry *g, const float *w,
                 void *packed) {
    winograd_plan p = winograd_plan_of(pass, g);
    alignas(64) float taps[WINOGRAD_PRODUCTS * DIRECT_MOST_VECTORS * DIRECT_MOST_LANES];
    memset(packed, 0, segments_bytes(&p));
    direct_segment *segments = packed;
    for (int b = 0; b < p.blocks; b++) {
        int rest = p.s.in_c - b * WINOGRAD_BLOCK;
        segments[b] = (direct_segment){.offset = b * winograd_tiles(&p) * WINOGRAD_BLOCK,
                                       .count = rest < WINOGRAD_BLOCK ? rest : WINOGRAD_BLOCK,
                                       .channel = b * WINOGRAD_BLOCK};
    }
    float *to = (float *)((char *)packed + segments_bytes(&p));
    for (int first = 0, width; first < p.s.out_c; first += width) {
        width = direct_tile_width(ops->direct, DIRECT_MOST_VECTORS, p.s.out_c, first);
        size_t step = (size_t)p.s.in_c * (size_t)width;
        int rest = p.s.out_c - first;
        for (int in = 0; in < p.s.in_c; in++) {
            gather_taps(pass, g, w, in, first, rest < width ? rest : width, width, taps);
            ops->weights(p.taps, width, taps, to + in * width, step);
        }
        to += WINOGRAD_PRODUCTS * step;
    }
}

/* What one call of run works on. */
typedef struct job {
    const winograd_ops *ops;
    winograd_plan p;
    const direct_segment *segments;
    const float *w; /* packed */
    float *padded, *products, *sums, *pixels;
} job;

/* Sums over input channels, for `tiles` tiles and one block of output channels. */
static void sum_products(const job *j, int tiles, int width, const float *w) {
    direct_terms t = {.n = j->p.blocks, .segments = j->segments, .step_a = 1, .step_b = width};
    const direct_ops *direct = j->ops->direct;
    int vectors = width / direct->lanes, most = direct_tile_rows(tiles, direct->most_rows[vectors - 1]);
    const float *products = j->products;
    float *sums = j->sums;
    for (int k = 0; k < WINOGRAD_PRODUCTS;
         k++, w += (size_t)j->p.s.in_c * (size_t)width, products += j->p.products)
        for (int first = 0, rows; first < tiles; first += rows, sums += rows * width) {
            rows = tiles - first < most ? tiles - first : most;
            direct->sum[1][vectors - 1][rows - 1](&t, products + (size_t)first * WINOGRAD_BLOCK, w, sums);
        }
}

/* Sums of tiles in rows [first, first + rows) become pixels and go through the epilogue, a row of tiles at a time. */
static void finish_pixels(const job *j, int first, int rows, int width, direct_target *target) {
    const winograd_plan *p = &j->p;
    size_t step = (size_t)(rows * p->columns * width), row = (size_t)(p->columns * p->m * width);
    const float *sums = j->sums;
    for (int y = first; y < first + rows; y++) {
        for (int x = 0; x < p->columns; x++, sums += width)
            j->ops->output(p->m, width, sums, step, j->pixels + (size_t)(x * p->m * width), row);
        for (int k = 0; k < p->m && y * p->m + k < p->s.out_h; k++) {
            target->first = (size_t)(y * p->m + k) * (size_t)p->s.out_w;
            j->ops->direct->finish(target, p->s.out_w, width, j->pixels + (size_t)k * row);
        }
    }
}

static void run_band(const job *j, int first, int rows, const epilogue *e, float *out) {
    const float *w = j->w;
    int channels = j->p.s.out_c;
    winograd_transform_band(j->ops, &j->p, j->padded, first, rows, j->products,
                            j->p.products / (size_t)j->p.blocks, j->p.products);
    for (int channel = 0, width; channel < channels; channel += width) {
        width = direct_tile_width(j->ops->direct, DIRECT_MOST_VECTORS, channels, channel);
        int rest = channels - channel;
        direct_target target = {.p = e,
                                .out = out,
                                .channels = channels,
                                .step = 1,
                                .channel = channel,
                                .count = rest < width ? rest : width};
        sum_products(j, rows * j->p.columns, width, w);
        finish_pixels(j, first, rows, width, &target);
        w += WINOGRAD_PRODUCTS * (size_t)j->p.s.in_c * (size_t)width;
    }
}

static void run_image(const winograd_ops *ops, conv_pass pass, const conv_geometry *g, const float *in,
                      const void *packed, const epilogue *e, float *out, void *scratch) {
    job j = {.ops = ops, .p = winograd_plan_of(pass, g), .segments = packed, .padded = scratch};
    j.w = (const float *)((const char *)packed + segments_bytes(&j.p));
    j.products = j.padded + j.p.plane * (size_t)j.p.blocks;
    j.sums = j.products + WINOGRAD_PRODUCTS * j.p.products;
    j.pixels = j.sums + sums_floats(ops, &j.p);
    winograd_copy_image(ops, &j.p, in, j.padded);
    if (e->relu && e->mask && j.p.s.out_c % 8 != 0)
        memset(e->mask, 0, mask_bytes((size_t)j.p.s.out_h * (size_t)j.p.s.out_w * (size_t)j.p.s.out_c));
    for (int first = 0; first < j.p.rows; first += j.p.band)
        run_band(&j, first, winograd_band_rows(&j.p, first), e, out);
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(conv_pass pass, const conv_geometry *g) {                                     \
        return kernel_cpu_has_##set() && winograd_fits(pass, g);                                             \
    }                                                                                                        \
    static size_t pack_bytes_##set(conv_pass pass, const conv_geometry *g) {                                 \
        return pack_bytes(&winograd_##set, pass, g);                                                         \
    }                                                                                                        \
    static size_t scratch_bytes_##set(conv_pass pass, const conv_geometry *g) {                              \
        return scratch_bytes(&winograd_##set, pass, g);                                                      \
    }                                                                                                        \
    static void pack_##set(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {           \
        pack(&winograd_##set, pass, g, w, packed);                                                           \
    }                                                                                                        \
    static void run_##set(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,       \
                          const epilogue *p, float *out, void *scratch) {                                    \
        run_image(&winograd_##set, pass, g, in, packed, p, out, scratch);                                    \
    }

KERNEL(avx512)
KERNEL(avx2)

const conv_kernel conv_winograd_avx512 = {"winograd-avx512",    supports_avx512, pack_bytes_avx512,
                                          scratch_bytes_avx512, pack_avx512,     run_avx512};
const conv_kernel conv_winograd_avx2 = {"winograd-avx2",    supports_avx2, pack_bytes_avx2,
                                        scratch_bytes_avx2, pack_avx2,     run_avx2};
