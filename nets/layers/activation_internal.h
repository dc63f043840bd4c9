/* An activation is two scalar functions in its file, value(x, rate) and slope(x, y, rate); this gives it the loops over a sample. */
#ifndef NETS_LAYERS_ACTIVATION_INTERNAL_H
#define NETS_LAYERS_ACTIVATION_INTERNAL_H

#include <math.h>

#include "nets/layer_internal.h"

/* `reads`: LAYER_KEEPS_INPUT or LAYER_KEEPS_OUTPUT, whichever slope() uses (the other argument is 0). */
#define ACTIVATION_LAYER(id, its_fields, its_traits, reads)                                                  \
    static void activation_forward(const layer_view *v, const layer_io *io) {                                \
        for (size_t i = 0; i < shape_size(v->out); i++)                                                      \
            io->y[i] = value(io->x[0][i], v->config->rate);                                                  \
    }                                                                                                        \
    static void activation_backward_data(const layer_view *v, const layer_io *io) {                          \
        for (size_t i = 0; i < shape_size(v->out); i++) {                                                    \
            float x = (reads) == LAYER_KEEPS_INPUT ? io->x[0][i] : 0,                                        \
                  y = (reads) == LAYER_KEEPS_OUTPUT ? io->y[i] : 0;                                          \
            io->dx[i] = io->dy[i] * slope(x, y, v->config->rate);                                            \
        }                                                                                                    \
    }                                                                                                        \
    const layer layer_##id = {                                                                               \
        .name = #id,                                                                                         \
        .fields = (its_fields),                                                                              \
        .traits = LAYER_ELEMENTWISE | (reads) | (its_traits),                                                \
        .least_inputs = 1,                                                                                   \
        .most_inputs = 1,                                                                                    \
        .shape = shape_same,                                                                                 \
        .forward = activation_forward,                                                                       \
        .backward_data = activation_backward_data,                                                           \
        .n_samples = sizeof samples / sizeof *samples,                                                       \
        .samples = samples,                                                                                  \
    }

#endif
