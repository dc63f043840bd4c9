/* (x - mean) / std per channel of the input. Never folded into a convolution: its zero padding stands for the mean, not for black. */
#include "nets/layer_internal.h"

static status normalise_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (in[0].c > 4)
        return err_set(e, STATUS_UNSUPPORTED, "input normalisation of %d channels, at most 4 are supported",
                       in[0].c);
    for (int k = 0; k < in[0].c; k++)
        if (!(c->std[k] > 0))
            return err_set(e, STATUS_BAD_FILE,
                           "a standard deviation of %g for channel %d, expected more than 0",
                           (double)c->std[k], k);
    return shape_same(c, n_inputs, in, out, e);
}

static void normalise_forward(const layer_view *v, const layer_io *io) {
    int channels = v->in[0].c;
    size_t n = shape_size(v->in[0]);
    for (int c = 0; c < channels; c++)
        for (size_t i = (size_t)c; i < n; i += (size_t)channels)
            io->y[i] = (io->x[0][i] - v->config->mean[c]) / v->config->std[c];
}

static void normalise_backward_data(const layer_view *v, const layer_io *io) {
    int channels = v->in[0].c;
    size_t n = shape_size(v->in[0]);
    for (int c = 0; c < channels; c++)
        for (size_t i = (size_t)c; i < n; i += (size_t)channels)
            io->dx[i] = io->dy[i] / v->config->std[c];
}

static const layer_sample samples[] = {
    {{.mean = {.5F}, .std = {.25F}}, 1, {{3, 4, 1}}},
    {{.mean = {.485F, .456F, .406F}, .std = {.229F, .224F, .225F}}, 1, {{3, 3, 3}}},
};

const layer layer_normalise = {
    .name = "normalise",
    .fields = FIELD_MEAN | FIELD_STD,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = normalise_shape,
    .forward = normalise_forward,
    .backward_data = normalise_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
