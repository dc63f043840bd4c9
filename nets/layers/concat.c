/* Channels of all inputs side by side. */
#include <string.h>

#include "nets/layer_internal.h"

static status concat_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)c;
    *out = in[0];
    for (int i = 1; i < n_inputs; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return err_set(e, STATUS_BAD_FILE, "cannot concatenate channels of %d x %d and %d x %d maps",
                           in[0].h, in[0].w, in[i].h, in[i].w);
        out->c += in[i].c;
    }
    return STATUS_OK;
}

static void concat_forward(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->out.h * (size_t)v->out.w;
    float *y = io->y;
    for (size_t p = 0; p < pixels; p++)
        for (int k = 0; k < v->n_inputs; k++) {
            size_t channels = (size_t)v->in[k].c;
            memcpy(y, io->x[k] + p * channels, channels * sizeof *y);
            y += channels;
        }
}

static void concat_backward_data(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->out.h * (size_t)v->out.w, channels = (size_t)v->in[io->input].c, first = 0;
    for (int k = 0; k < io->input; k++)
        first += (size_t)v->in[k].c;
    for (size_t p = 0; p < pixels; p++)
        memcpy(io->dx + p * channels, io->dy + p * (size_t)v->out.c + first, channels * sizeof *io->dx);
}

static const layer_sample samples[] = {{{0}, 2, {{3, 2, 4}, {3, 2, 3}}},
                                       {{0}, 3, {{1, 1, 5}, {1, 1, 1}, {1, 1, 8}}}};

const layer layer_concat = {
    .name = "concat",
    .least_inputs = 2,
    .most_inputs = LAYER_MOST_INPUTS,
    .shape = concat_shape,
    .forward = concat_forward,
    .backward_data = concat_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
