/* The product of two maps, or of a map and a number per channel, as squeeze-and-excitation has it (Hu et al. 2018). */
#include <string.h>

#include "nets/layer_internal.h"

static status mul_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    bool gates = in[1].h == 1 && in[1].w == 1 && in[1].c == in[0].c;
    if (!gates && !shape_equal(in[0], in[1]))
        return err_set(e, STATUS_BAD_FILE, "cannot multiply %d x %d x %d by %d x %d x %d", in[0].h, in[0].w,
                       in[0].c, in[1].h, in[1].w, in[1].c);
    return shape_same(c, n_inputs, in, out, e);
}

static void mul_forward(const layer_view *v, const layer_io *io) {
    size_t period = shape_size(v->in[1]);
    for (size_t i = 0; i < shape_size(v->out); i++)
        io->y[i] = io->x[0][i] * io->x[1][i % period];
}

static void mul_backward_data(const layer_view *v, const layer_io *io) {
    size_t n = shape_size(v->out), period = shape_size(v->in[1]);
    if (io->input == 0) {
        for (size_t i = 0; i < n; i++)
            io->dx[i] = io->dy[i] * io->x[1][i % period];
        return;
    }
    memset(io->dx, 0, period * sizeof *io->dx);
    for (size_t i = 0; i < n; i++)
        io->dx[i % period] += io->dy[i] * io->x[0][i];
}

static const layer_sample samples[] = {{{0}, 2, {{3, 3, 8}, {3, 3, 8}}}, {{0}, 2, {{4, 3, 5}, {1, 1, 5}}}};

const layer layer_mul = {
    .name = "mul",
    .traits = LAYER_KEEPS_INPUT,
    .least_inputs = 2,
    .most_inputs = 2,
    .shape = mul_shape,
    .forward = mul_forward,
    .backward_data = mul_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
