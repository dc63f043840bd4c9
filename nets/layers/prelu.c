/* x where it is positive, else x times a learned slope per channel (He et al. 2015). */
#include "nets/layer_internal.h"

static int prelu_params(const layer_config *c, const shape *in, layer_param *out) {
    (void)c;
    out[0] = (layer_param){"weight", PARAM_BIAS, 1, {in->c}, 0, 0};
    return 1;
}

static void prelu_forward(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < shape_size(v->out); i++) {
        float x = io->x[0][i];
        io->y[i] = x > 0 ? x : io->params[0][i % channels] * x;
    }
}

static void prelu_backward_data(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < shape_size(v->out); i++)
        io->dx[i] = io->x[0][i] > 0 ? io->dy[i] : io->params[0][i % channels] * io->dy[i];
}

static void prelu_backward_params(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    for (size_t i = 0; i < (size_t)io->n * shape_size(v->out); i++)
        io->dparams[0][i % channels] += io->x[0][i] > 0 ? 0 : io->x[0][i] * io->dy[i];
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

const layer layer_prelu = {
    .name = "prelu",
    .traits = LAYER_RECTIFIER | LAYER_KEEPS_INPUT,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_same,
    .params = prelu_params,
    .forward = prelu_forward,
    .backward_data = prelu_backward_data,
    .backward_params = prelu_backward_params,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
