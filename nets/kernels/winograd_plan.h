/* How an image is cut into tiles for Winograd, for outputs (conv_winograd.c) and weight gradients (conv_weights_winograd.c). */
#ifndef NETS_KERNELS_WINOGRAD_PLAN_H
#define NETS_KERNELS_WINOGRAD_PLAN_H

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/winograd_internal.h"

typedef struct winograd_plan {
    conv_sides s;
    int taps, m;       /* r and m */
    int top, left;     /* padding of this pass */
    int rows, columns; /* tiles */
    int band;          /* rows of tiles at a time */
    int blocks;        /* of input channels */
    size_t row, plane; /* floats of the padded image in a row and in a block */
    size_t products;   /* floats of a band's transformed inputs of one product */
} winograd_plan;

/* Of a geometry that winograd_fits. */
winograd_plan winograd_plan_of(conv_pass pass, const conv_geometry *g);
bool winograd_fits(conv_pass pass, const conv_geometry *g);

/* Tiles of a band. */
static inline int winograd_tiles(const winograd_plan *p) {
    return p->band * p->columns;
}

/* Rows of the band that begins at one. */
static inline int winograd_band_rows(const winograd_plan *p, int first) {
    return p->rows - first < p->band ? p->rows - first : p->band;
}

/* The padded copy of one image: [block][y][x][channel of the block]. */
void winograd_copy_image(const winograd_ops *ops, const winograd_plan *p, const float *in, float *padded);

/* The products of tiles in rows [first, first + rows): [product, `product` floats apart][block, `block` floats apart][tile][channel of the
 * block]. */
void winograd_transform_band(const winograd_ops *ops, const winograd_plan *p, const float *padded, int first,
                             int rows, float *to, size_t block, size_t product);

#endif
