/* A map as a vector in C,H,W order, as PyTorch has it. Where only linear layers read it nothing is moved: their weights are stored in
 * the H,W,C order instead (net_node.flattened is then zero here and set there); else values are transposed at run time. */
#include "nets/layer_internal.h"

static status flatten_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)c, (void)n_inputs, (void)e;
    *out = (shape){1, 1, (int)shape_size(in[0])}; /* net_add bounds the size of every input */
    return STATUS_OK;
}

static void flatten_forward(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->in[0].h * (size_t)v->in[0].w, channels = (size_t)v->in[0].c;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            io->y[c * pixels + p] = io->x[0][p * channels + c];
}

static void flatten_backward_data(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->in[0].h * (size_t)v->in[0].w, channels = (size_t)v->in[0].c;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            io->dx[p * channels + c] = io->dy[c * pixels + p];
}

static const layer_sample samples[] = {{{0}, 1, {{3, 2, 4}}}, {{0}, 1, {{1, 1, 5}}}};

const layer layer_flatten = {
    .name = "flatten",
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = flatten_shape,
    .forward = flatten_forward,
    .backward_data = flatten_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
