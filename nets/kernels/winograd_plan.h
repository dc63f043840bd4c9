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
    int blocks;        /* of input channels */
    size_t row, plane; /* floats of the padded image in a row and in a block */
    size_t products;   /* floats of transformed inputs of one product */
} winograd_plan;

/* Of a geometry that winograd_fits. */
winograd_plan winograd_plan_of(conv_pass pass, const conv_geometry *g);
bool winograd_fits(conv_pass pass, const conv_geometry *g);

static inline int winograd_tiles(const winograd_plan *p) {
    return p->rows * p->columns;
}

/* The padded copy of one image: [block][y][x][channel of the block]. */
void winograd_copy_image(const winograd_ops *ops, const winograd_plan *p, const float *in, float *padded);

/* The products of its tiles: [product, `product` floats apart][block, `block` floats apart][tile][channel of the block]. */
void winograd_transform_image(const winograd_ops *ops, const winograd_plan *p, const float *padded, float *to,
                              size_t block, size_t product);

#endif
