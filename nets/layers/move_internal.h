/* Layers that only move values: a layer gives the place in its input that each value of its output comes from. */
#ifndef NETS_LAYERS_MOVE_INTERNAL_H
#define NETS_LAYERS_MOVE_INTERNAL_H

#include <stddef.h>
#include <string.h>

#include "nets/layer_internal.h"

enum { MOVE_NOTHING = -1 };

static inline ptrdiff_t move_place(shape s, int y, int x, int c) {
    return ((ptrdiff_t)y * s.w + x) * s.c + c;
}

/* `source(v, y, x, c)` is the offset in the input of output value (y, x, c), or MOVE_NOTHING where `fill` stands instead. */
#define MOVE_FUNCTIONS(source, fill)                                                                         \
    static void move_forward(const layer_view *v, const layer_io *io) {                                      \
        float *to = io->y;                                                                                   \
        for (int y = 0; y < v->out.h; y++)                                                                   \
            for (int x = 0; x < v->out.w; x++)                                                               \
                for (int c = 0; c < v->out.c; c++) {                                                         \
                    ptrdiff_t from = source(v, y, x, c);                                                     \
                    *to++ = from == MOVE_NOTHING ? (fill) : io->x[0][from];                                  \
                }                                                                                            \
    }                                                                                                        \
    static void move_backward_data(const layer_view *v, const layer_io *io) {                                \
        const float *dy = io->dy;                                                                            \
        memset(io->dx, 0, shape_size(v->in[0]) * sizeof *io->dx);                                            \
        for (int y = 0; y < v->out.h; y++)                                                                   \
            for (int x = 0; x < v->out.w; x++)                                                               \
                for (int c = 0; c < v->out.c; c++, dy++) {                                                   \
                    ptrdiff_t from = source(v, y, x, c);                                                     \
                    if (from != MOVE_NOTHING) io->dx[from] += *dy;                                           \
                }                                                                                            \
    }

#endif
