#include "nets/kernels/winograd_plan.h"

#include <string.h>

/* Floats of products and sums that are worked on at a time: about half of a second-level cache. */
enum { BAND_FLOATS = 160 << 10 };

/* Bands are about equally high. */
static int band_of(const winograd_plan *p) {
    int tile = WINOGRAD_PRODUCTS * (p->blocks * WINOGRAD_BLOCK + DIRECT_MOST_VECTORS * DIRECT_MOST_LANES);
    int most = BAND_FLOATS / tile / p->columns, bands = most > 1 ? (p->rows + most - 1) / most : p->rows;
    return (p->rows + bands - 1) / bands;
}

winograd_plan winograd_plan_of(conv_pass pass, const conv_geometry *g) {
    winograd_plan p = {.s = conv_sides_of(pass, g), .taps = g->kh, .m = WINOGRAD_SIDE + 1 - g->kh};
    p.top = pass == CONV_FORWARD ? g->pad_top : g->kh - 1 - g->pad_top;
    p.left = pass == CONV_FORWARD ? g->pad_left : g->kw - 1 - g->pad_left;
    p.rows = (p.s.out_h + p.m - 1) / p.m;
    p.columns = (p.s.out_w + p.m - 1) / p.m;
    p.blocks = (p.s.in_c + WINOGRAD_BLOCK - 1) / WINOGRAD_BLOCK;
    p.row = (size_t)(p.columns * p.m + p.taps - 1) * WINOGRAD_BLOCK;
    p.plane = p.row * (size_t)(p.rows * p.m + p.taps - 1);
    p.band = band_of(&p);
    p.products = (size_t)p.blocks * (size_t)(p.band * p.columns) * WINOGRAD_BLOCK;
    return p;
}

bool winograd_fits(conv_pass pass, const conv_geometry *g) {
    bool square = g->kh == g->kw && (g->kh == 3 || g->kh == 5);
    bool dense = g->stride_h == 1 && g->stride_w == 1 && g->dilation_h == 1 && g->dilation_w == 1;
    if (!square || !dense || g->groups != 1 || g->pad_top >= g->kh || g->pad_left >= g->kw) return false;
    winograd_plan p = winograd_plan_of(pass, g);
    return (double)p.products * WINOGRAD_PRODUCTS < INT32_MAX && (double)p.plane * p.blocks < INT32_MAX;
}

void winograd_copy_image(const winograd_ops *ops, const winograd_plan *p, const float *in, float *padded) {
    memset(padded, 0, p->plane * (size_t)p->blocks * sizeof *padded);
    int last = p->rows * p->m + p->taps - 1 - p->top, right = (int)(p->row / WINOGRAD_BLOCK) - p->left;
    int rows = p->s.in_h < last ? p->s.in_h : last, columns = p->s.in_w < right ? p->s.in_w : right;
    size_t channels = (size_t)p->s.in_c;
    for (int b = 0; b < p->blocks; b++) {
        int first = b * WINOGRAD_BLOCK, rest = p->s.in_c - first;
        for (int y = 0; y < rows; y++)
            ops->direct->copy_pixels(columns, rest < WINOGRAD_BLOCK ? rest : WINOGRAD_BLOCK,
                                     in + (size_t)y * (size_t)p->s.in_w * channels + first, channels,
                                     padded + (size_t)b * p->plane + (size_t)(y + p->top) * p->row +
                                         (size_t)p->left * WINOGRAD_BLOCK,
                                     WINOGRAD_BLOCK);
    }
}

void winograd_transform_band(const winograd_ops *ops, const winograd_plan *p, const float *padded, int first,
                             int rows, float *to, size_t block, size_t product) {
    for (int b = 0; b < p->blocks; b++)
        for (int tile = 0; tile < rows * p->columns; tile++) {
            int y = (first + tile / p->columns) * p->m, x = tile % p->columns * p->m;
            ops->input(padded + (size_t)b * p->plane + (size_t)y * p->row + (size_t)x * WINOGRAD_BLOCK,
                       p->row, to + (size_t)b * block + (size_t)tile * WINOGRAD_BLOCK, product);
        }
}
