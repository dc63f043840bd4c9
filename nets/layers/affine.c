/* x * weight + bias per channel: arithmetic with constants, and layer scales. */
#include "nets/layer_internal.h"

static int affine_params(const layer_config *c, const shape *in, layer_param *out) {
    (void)c;
    out[0] = (layer_param){"weight", PARAM_NORM_SCALE, 1, {in->c}, 0, 0};
    out[1] = (layer_param){"bias", PARAM_NORM_SHIFT, 1, {in->c}, 0, 0};
    return 2;
}

static void affine_forward(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < shape_size(v->out); i += channels)
        for (size_t c = 0; c < channels; c++)
            io->y[i + c] = io->x[0][i + c] * io->params[0][c] + io->params[1][c];
}

static void affine_backward_data(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < shape_size(v->out); i += channels)
        for (size_t c = 0; c < channels; c++)
            io->dx[i + c] = io->dy[i + c] * io->params[0][c];
}

static void affine_backward_params(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < (size_t)io->n * shape_size(v->out); i += channels)
        for (size_t c = 0; c < channels; c++) {
            io->dparams[0][c] += io->x[0][i + c] * io->dy[i + c];
            io->dparams[1][c] += io->dy[i + c];
        }
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

const layer layer_affine = {
    .name = "affine",
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_same,
    .params = affine_params,
    .forward = affine_forward,
    .backward_data = affine_backward_data,
    .backward_params = affine_backward_params,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
