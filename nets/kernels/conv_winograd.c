/* Winograd convolution for both passes, 3x3 and 5x5 taps at stride 1. An image is cut into tiles; a tile becomes 36 products for every
 * channel, each product is summed over input channels for all tiles of the image, and the sums become output pixels.
 *
 * Packed weights: the segments of a sum, then for each block of output channels and each product its weights, [input channel][width].
 * Scratch: the padded image [block][y][x][channel of the block]; transformed inputs [product][block][tile][channel of the block]; sums
 * [product][tile][width]; a row of tiles of finished pixels.
 *
 * Errors are some ten roundings of the largest term of a tile where a direct sum has one or two, and NaN or infinity spreads over its
 * tile. */
#include <string.h>

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/winograd_plan.h"

/* Where fewer products pay for the transforms: measured. */
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

/* G: row i takes taps to the value of their polynomial at point i, scaled; the last row is the point at infinity. */
static void tap_factors(int taps, double factors[WINOGRAD_SIDE][WINOGRAD_SIDE]) {
    static const double points[] = {0, 1, -1, 2, -2}, scales[] = {1. / 4, -1. / 6, -1. / 6, 1. / 24, 1. / 24};
    for (int i = 0; i < WINOGRAD_SIDE; i++) {
        double power = i < WINOGRAD_SIDE - 1 ? scales[i] : 0;
        for (int k = 0; k < taps; k++) {
            factors[i][k] = i < WINOGRAD_SIDE - 1 ? power : k == taps - 1;
            power *= i < WINOGRAD_SIDE - 1 ? points[i] : 0;
        }
    }
}

/* The taps between an input and an output channel of the pass: for a gradient those of the forward pass, turned. */
static void channel_taps(conv_pass pass, const conv_geometry *g, const float *w, int in, int out,
                         double *taps) {
    int n = g->kh * g->kw;
    size_t pair = (size_t)g->cin * (size_t)g->cout;
    for (int k = 0; k < n; k++)
        taps[k] = (double)(pass == CONV_FORWARD
                               ? w[(size_t)k * pair + (size_t)in * (size_t)g->cout + (size_t)out]
                               : w[(size_t)(n - 1 - k) * pair + (size_t)out * (size_t)g->cout + (size_t)in]);
}

/* G g G' */
static void transform_taps(int taps, double factors[WINOGRAD_SIDE][WINOGRAD_SIDE], const double *from,
                           double to[WINOGRAD_PRODUCTS]) {
    for (int i = 0; i < WINOGRAD_SIDE; i++) {
        double line[WINOGRAD_SIDE] = {0};
        for (int x = 0; x < taps; x++)
            for (int y = 0; y < taps; y++)
                line[x] += factors[i][y] * from[y * taps + x];
        for (int j = 0; j < WINOGRAD_SIDE; j++) {
            double sum = 0;
            for (int x = 0; x < taps; x++)
                sum += factors[j][x] * line[x];
            to[i * WINOGRAD_SIDE + j] = sum;
        }
    }
}

static void pack(const winograd_ops *ops, conv_pass pass, const conv_geometry *g, const float *w,
                 void *packed) {
    winograd_plan p = winograd_plan_of(pass, g);
    double factors[WINOGRAD_SIDE][WINOGRAD_SIDE], taps[WINOGRAD_PRODUCTS], products[WINOGRAD_PRODUCTS];
    tap_factors(p.taps, factors);
    memset(packed, 0, pack_bytes(ops, pass, g));
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
        for (int in = 0; in < p.s.in_c; in++)
            for (int c = 0; c < width && first + c < p.s.out_c; c++) {
                channel_taps(pass, g, w, in, first + c, taps);
                transform_taps(p.taps, factors, taps, products);
                for (int k = 0; k < WINOGRAD_PRODUCTS; k++)
                    to[(size_t)k * step + (size_t)(in * width + c)] = (float)products[k];
            }
        to += WINOGRAD_PRODUCTS * step;
    }
}

/* Sums over input channels, for one block of output channels. */
static void sum_products(const winograd_ops *ops, const winograd_plan *p, int width,
                         const direct_segment *segments, const float *w, const float *products, float *sums) {
    direct_terms t = {.n = p->blocks, .segments = segments, .step_a = 1, .step_b = width};
    int vectors = width / ops->direct->lanes, tiles = winograd_tiles(p);
    int most = direct_tile_rows(tiles, ops->direct->most_rows[vectors - 1]);
    for (int k = 0; k < WINOGRAD_PRODUCTS;
         k++, w += (size_t)p->s.in_c * (size_t)width, products += p->products)
        for (int first = 0, rows; first < tiles; first += rows, sums += rows * width) {
            rows = tiles - first < most ? tiles - first : most;
            ops->direct->sum[1][vectors - 1][rows - 1](&t, products + (size_t)first * WINOGRAD_BLOCK, w,
                                                       sums);
        }
}

/* Sums become pixels and go through the epilogue, a row of tiles at a time. */
static void finish_pixels(const winograd_ops *ops, const winograd_plan *p, int width, const float *sums,
                          float *pixels, direct_target *target) {
    size_t step = (size_t)winograd_tiles(p) * (size_t)width, row = (size_t)(p->columns * p->m * width);
    for (int y = 0; y < p->rows; y++) {
        for (int x = 0; x < p->columns; x++)
            ops->output(p->m, width, sums + (size_t)(y * p->columns + x) * (size_t)width, step,
                        pixels + (size_t)(x * p->m * width), row);
        for (int k = 0; k < p->m && y * p->m + k < p->s.out_h; k++) {
            target->first = (size_t)(y * p->m + k) * (size_t)p->s.out_w;
            ops->direct->finish(target, p->s.out_w, width, pixels + (size_t)k * row);
        }
    }
}

static void run_image(const winograd_ops *ops, conv_pass pass, const conv_geometry *g, const float *in,
                      const void *packed, const epilogue *e, float *out, void *scratch) {
    winograd_plan p = winograd_plan_of(pass, g);
    float *padded = scratch, *products = padded + p.plane * (size_t)p.blocks,
          *sums = products + WINOGRAD_PRODUCTS * p.products, *pixels = sums + sums_floats(ops, &p);
    const float *w = (const float *)((const char *)packed + segments_bytes(&p));
    winograd_copy_image(ops, &p, in, padded);
    winograd_transform_image(ops, &p, padded, products, p.products / (size_t)p.blocks, p.products);
    if (e->relu && e->mask && p.s.out_c % 8 != 0)
        memset(e->mask, 0, mask_bytes((size_t)p.s.out_h * (size_t)p.s.out_w * (size_t)p.s.out_c));
    for (int first = 0, width; first < p.s.out_c; first += width) {
        width = direct_tile_width(ops->direct, DIRECT_MOST_VECTORS, p.s.out_c, first);
        int rest = p.s.out_c - first;
        direct_target target = {.p = e,
                                .out = out,
                                .channels = p.s.out_c,
                                .step = 1,
                                .channel = first,
                                .count = rest < width ? rest : width};
        sum_products(ops, &p, width, packed, w, products, sums);
        finish_pixels(ops, &p, width, sums, pixels, &target);
        w += WINOGRAD_PRODUCTS * (size_t)p.s.in_c * (size_t)width;
    }
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
