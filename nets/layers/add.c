/* The sum of its inputs: residual connections. */
#include <string.h>

#include "nets/layer_internal.h"

static status add_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    for (int i = 1; i < n_inputs; i++)
        if (!shape_equal(in[0], in[i]))
            return err_set(e, STATUS_BAD_FILE, "cannot add %d x %d x %d and %d x %d x %d", in[0].h, in[0].w,
                           in[0].c, in[i].h, in[i].w, in[i].c);
    return shape_same(c, n_inputs, in, out, e);
}

static void add_forward(const layer_view *v, const layer_io *io) {
    size_t n = shape_size(v->out);
    for (size_t i = 0; i < n; i++)
        io->y[i] = io->x[0][i] + io->x[1][i];
    for (int k = 2; k < v->n_inputs; k++)
        for (size_t i = 0; i < n; i++)
            io->y[i] += io->x[k][i];
}

static void add_backward_data(const layer_view *v, const layer_io *io) {
    memcpy(io->dx, io->dy, shape_size(v->out) * sizeof *io->dx);
}

static const layer_sample samples[] = {{{0}, 2, {{3, 3, 8}, {3, 3, 8}}},
                                       {{0}, 3, {{2, 1, 5}, {2, 1, 5}, {2, 1, 5}}}};

const layer layer_add = {
    .name = "add",
    .traits = LAYER_PASSES_GRADIENT,
    .least_inputs = 2,
    .most_inputs = LAYER_MOST_INPUTS,
    .shape = add_shape,
    .forward = add_forward,
    .backward_data = add_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
