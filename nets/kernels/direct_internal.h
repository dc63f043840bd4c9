/* Direct convolution: no im2row; sums of a tile of pixels x channels stay in registers. What is shared by the
 * driver (conv_direct.c, conv_weights_direct.c, linear_direct.c) and the tiles of one instruction set
 * (direct_avx2.c, direct_avx512.c, both made from direct_tile.h). */
#ifndef NETS_KERNELS_DIRECT_INTERNAL_H
#define NETS_KERNELS_DIRECT_INTERNAL_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "nets/kernels/epilogue.h"

enum {
    DIRECT_MOST_ROWS = 14,   /* of a tile, any instruction set */
    DIRECT_MOST_VECTORS = 2, /* of a tile's width */
    DIRECT_MOST_LANES = 16,
    DIRECT_TILE = DIRECT_MOST_ROWS * DIRECT_MOST_VECTORS * DIRECT_MOST_LANES, /* floats */
    DIRECT_LINEAR_ROWS = 8,
    DIRECT_BLOCK = 16 /* channels of a pixel that lie together in scratch */
};

/* `count` terms, the first at a + offset. A convolution's: `count` input channels from `channel` on, of one
 * tap (ky * kw + kx). */
typedef struct direct_segment {
    int32_t offset, count;
    int32_t tap, channel;
} direct_segment;

/* A tile of an outer-product sum: tile[r][c] = sum over terms of a[r * spread] * b[c], where a walks through the segments by step_a and
 * b goes on by step_b with every term, in this order. */
typedef struct direct_terms {
    int n;
    const direct_segment *segments;
    ptrdiff_t step_a, step_b;
    ptrdiff_t spread; /* only read by sum_rows; compiled into the others */
} direct_terms;

typedef void (*direct_sum)(const direct_terms *t, const float *a, const float *b, float *tile);

/* Where a tile goes: row r of it to pixel first + r * step, channels [channel, channel + count) of
 * `channels`. */
typedef struct direct_target {
    const epilogue *p;
    float *out;
    int channels;
    size_t first, step;
    int channel, count;
} direct_target;

typedef struct direct_ops {
    int lanes;
    int most_rows[DIRECT_MOST_VECTORS]; /* of a tile 1 or 2 vectors wide */
    /* [spread is DIRECT_BLOCK, else 1][vectors - 1][rows - 1] */
    direct_sum sum[2][DIRECT_MOST_VECTORS][DIRECT_MOST_ROWS];
    /* tile [rows][width] through the epilogue into its target. */
    void (*finish)(const direct_target *t, int rows, int width, const float *tile);
    direct_sum sum_rows[DIRECT_MOST_VECTORS]; /* [vectors - 1], DIRECT_LINEAR_ROWS rows, any spread */
    int linear_vectors;                       /* the widest of these that fits the registers */
    /* n pixels of `channels` floats, `step` floats apart, to places `spread` (DIRECT_BLOCK or 1) floats
     * apart. */
    void (*copy_pixels)(int n, int channels, const float *from, size_t step, float *to, size_t spread);
} direct_ops;

extern const direct_ops direct_avx2, direct_avx512;

/* Width of the tile that starts at a channel: two vectors unless one is enough for the rest. */
static inline int direct_tile_width(const direct_ops *ops, int most_vectors, int channels, int first) {
    return most_vectors > 1 && channels - first > ops->lanes ? 2 * ops->lanes : ops->lanes;
}

/* `most` or fewer rows a tile so that all are about as high: 16 with at most 14 is 8 + 8. */
static inline int direct_tile_rows(int rows, int most) {
    int tiles = (rows + most - 1) / most;
    return tiles > 0 ? (rows + tiles - 1) / tiles : 0;
}

#endif
