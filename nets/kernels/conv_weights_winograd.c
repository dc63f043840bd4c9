/* Weight gradients by Winograd: the transpose of conv_winograd's products. Those of inputs and of output gradients are multiplied and
 * summed over the tiles of all images, and only the sums become taps.
 *
 * Scratch: the padded image; products of inputs [product][block][tile][channel of the block] and of output gradients
 * [product][tile][width], for a few images or a band of one at a time; sums [block of output channels][product][input channel][width]. */
#include <stdalign.h>
#include <string.h>

#include "nets/kernels/winograd_plan.h"

/* Enough tiles at a time that adding up their sums costs little, and few enough to stay in the cache. */
enum { MOST_TILES = 64 };

typedef struct job {
    const winograd_ops *ops;
    const conv_geometry *g;
    winograd_plan p;
    int images;             /* at a time */
    size_t block, products; /* floats of inputs in a block and in a product */
    float *padded, *inputs, *gradients, *sums;
} job;

static job job_of(const winograd_ops *ops, const conv_geometry *g) {
    job j = {.ops = ops, .g = g, .p = winograd_plan_of(CONV_FORWARD, g)};
    int tiles = winograd_tiles(&j.p);
    j.images = tiles < MOST_TILES && j.p.band == j.p.rows ? MOST_TILES / tiles : 1;
    j.block = (size_t)(j.images * tiles) * WINOGRAD_BLOCK;
    j.products = j.block * (size_t)j.p.blocks;
    return j;
}

static bool fits(const winograd_ops *ops, const conv_geometry *g) {
    return winograd_fits(CONV_FORWARD, g) && g->cout % ops->direct->lanes == 0 &&
           (double)g->cin * g->cout * WINOGRAD_PRODUCTS < INT32_MAX;
}

/* As conv_winograd_pays. */
bool conv_weights_winograd_pays(const conv_geometry *g) {
    return g->cin >= 16 && g->cout >= 16 && g->oh * g->ow >= 36;
}

static size_t gradients_floats(const job *j) {
    return WINOGRAD_PRODUCTS * (size_t)(j->images * winograd_tiles(&j->p)) *
           (size_t)(DIRECT_MOST_VECTORS * j->ops->direct->lanes);
}

static size_t sums_floats(const job *j) {
    return WINOGRAD_PRODUCTS * (size_t)j->g->cin * (size_t)j->g->cout;
}

static size_t scratch_bytes(const winograd_ops *ops, const conv_geometry *g) {
    job j = job_of(ops, g);
    return (j.p.plane * (size_t)j.p.blocks + WINOGRAD_PRODUCTS * j.products + gradients_floats(&j) +
            sums_floats(&j)) *
           sizeof(float);
}

/* Products of one tile of output gradients: pixels beyond the image are 0. */
static void spread_tile(const job *j, const float *dy, int y, int x, int width, float *to, size_t step) {
    alignas(64) float edge[WINOGRAD_PRODUCTS * DIRECT_MOST_VECTORS * DIRECT_MOST_LANES];
    const winograd_plan *p = &j->p;
    size_t channels = (size_t)j->g->cout, row = (size_t)j->g->ow * channels;
    int rows = j->g->oh - y, columns = j->g->ow - x;
    const float *from = dy + (size_t)y * row + (size_t)x * channels;
    if (rows >= p->m && columns >= p->m) {
        j->ops->spread(p->m, width, from, row, channels, to, step);
        return;
    }
    memset(edge, 0, sizeof edge);
    for (int k = 0; k < rows && k < p->m; k++)
        for (int i = 0; i < columns && i < p->m; i++)
            memcpy(edge + (k * p->m + i) * width, from + (size_t)k * row + (size_t)i * channels,
                   (size_t)width * sizeof *edge);
    j->ops->spread(p->m, width, edge, (size_t)(p->m * width), (size_t)width, to, step);
}

/* Products of one image's tiles in rows [first, first + rows). */
static void spread_band(const job *j, const float *dy, int first, int rows, int width, float *to) {
    const winograd_plan *p = &j->p;
    size_t step = (size_t)(j->images * winograd_tiles(p)) * (size_t)width;
    for (int tile = 0; tile < rows * p->columns; tile++)
        spread_tile(j, dy, (first + tile / p->columns) * p->m, tile % p->columns * p->m, width,
                    to + tile * width, step);
}

/* sums [product][input channel][width] += products of `tiles` tiles. */
static void add_products(const job *j, int tiles, int width, float *sums) {
    alignas(64) float tile[DIRECT_TILE];
    direct_segment all = {.count = tiles};
    direct_terms t = {.n = 1, .segments = &all, .step_a = WINOGRAD_BLOCK, .step_b = width};
    int vectors = width / j->ops->direct->lanes, most = j->ops->direct->most_rows[vectors - 1];
    size_t step = (size_t)(j->images * winograd_tiles(&j->p)) * (size_t)width;
    for (int k = 0; k < WINOGRAD_PRODUCTS; k++)
        for (int first = 0, rows; first < j->g->cin; first += rows, sums += rows * width) {
            int block = first / WINOGRAD_BLOCK, at = first % WINOGRAD_BLOCK;
            int end = j->g->cin - block * WINOGRAD_BLOCK < WINOGRAD_BLOCK ? j->g->cin - block * WINOGRAD_BLOCK
                                                                          : WINOGRAD_BLOCK;
            int even = direct_tile_rows(end, most);
            rows = end - at < even ? end - at : even;
            j->ops->direct->sum[0][vectors - 1][rows - 1](
                &t, j->inputs + (size_t)k * j->products + (size_t)block * j->block + at,
                j->gradients + (size_t)k * step, tile);
            epilogue add = {.addend = sums};
            direct_target target = {.p = &add, .out = sums, .channels = width, .step = 1, .count = width};
            j->ops->direct->finish(&target, rows, width, tile);
        }
}

/* Adds rows [first, first + rows) of the tiles of n images. */
static void add_group(const job *j, int n, int first, int rows, const float *x, const float *dy) {
    const conv_geometry *g = j->g;
    size_t in = (size_t)g->h * (size_t)g->w * (size_t)g->cin,
           out = (size_t)g->oh * (size_t)g->ow * (size_t)g->cout;
    int tiles = rows * j->p.columns;
    for (int i = 0; i < n; i++) {
        if (first == 0) winograd_copy_image(j->ops, &j->p, x + (size_t)i * in, j->padded);
        winograd_transform_band(j->ops, &j->p, j->padded, first, rows,
                                j->inputs + (size_t)(i * tiles) * WINOGRAD_BLOCK, j->block, j->products);
    }
    float *sums = j->sums;
    for (int channel = 0, width; channel < g->cout; channel += width) {
        width = direct_tile_width(j->ops->direct, DIRECT_MOST_VECTORS, g->cout, channel);
        for (int i = 0; i < n; i++)
            spread_band(j, dy + (size_t)i * out + channel, first, rows, width,
                        j->gradients + i * tiles * width);
        add_products(j, n * tiles, width, sums);
        sums += WINOGRAD_PRODUCTS * g->cin * width;
    }
}

static void add_taps(const job *j, float *dw) {
    size_t tap = (size_t)j->g->cin * (size_t)j->g->cout;
    const float *sums = j->sums;
    for (int first = 0, width; first < j->g->cout; first += width) {
        width = direct_tile_width(j->ops->direct, DIRECT_MOST_VECTORS, j->g->cout, first);
        for (int in = 0; in < j->g->cin; in++)
            j->ops->taps(j->p.taps, width, sums + in * width, (size_t)(j->g->cin * width),
                         dw + (size_t)in * (size_t)j->g->cout + first, tap);
        sums += WINOGRAD_PRODUCTS * j->g->cin * width;
    }
}

static void run_images(const winograd_ops *ops, const conv_geometry *g, int n, const float *x,
                       const float *dy, float *dw, float *db, void *scratch) {
    job j = job_of(ops, g);
    size_t in = (size_t)g->h * (size_t)g->w * (size_t)g->cin, pixels = (size_t)g->oh * (size_t)g->ow;
    j.padded = scratch;
    j.inputs = j.padded + j.p.plane * (size_t)j.p.blocks;
    j.gradients = j.inputs + WINOGRAD_PRODUCTS * j.products;
    j.sums = j.gradients + gradients_floats(&j);
    memset(j.sums, 0, sums_floats(&j) * sizeof *j.sums);
    for (int i = 0; i < n; i += j.images)
        for (int first = 0; first < j.p.rows; first += j.p.band)
            add_group(&j, n - i < j.images ? n - i : j.images, first, winograd_band_rows(&j.p, first),
                      x + (size_t)i * in, dy + (size_t)i * pixels * (size_t)g->cout);
    add_taps(&j, dw);
    for (int i = 0; db && i < n; i++)
        conv_add_bias_gradient(pixels, g->cout, dy + (size_t)i * pixels * (size_t)g->cout, db);
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(const conv_geometry *g) {                                                     \
        return kernel_cpu_has_##set() && fits(&winograd_##set, g);                                           \
    }                                                                                                        \
    static size_t scratch_bytes_##set(const conv_geometry *g) {                                              \
        return scratch_bytes(&winograd_##set, g);                                                            \
    }                                                                                                        \
    static void run_##set(const conv_geometry *g, int n, const float *x, const float *dy, float *dw,         \
                          float *db, void *scratch) {                                                        \
        run_images(&winograd_##set, g, n, x, dy, dw, db, scratch);                                           \
    }                                                                                                        \
    const conv_weights_kernel conv_weights_winograd_##set = {"winograd-" #set, supports_##set,               \
                                                             scratch_bytes_##set, run_##set};

KERNEL(avx512)
KERNEL(avx2)
