/* The mean of every channel. */
#include <string.h>

#include "nets/layer_internal.h"

static size_t pixels(const layer_view *v) {
    return (size_t)v->in[0].h * (size_t)v->in[0].w;
}

static void global_avg_forward(const layer_view *v, const layer_io *io) {
    int channels = v->out.c;
    const float *x = io->x[0];
    memset(io->y, 0, (size_t)channels * sizeof *io->y);
    for (size_t p = 0; p < pixels(v); p++, x += channels)
        for (int c = 0; c < channels; c++)
            io->y[c] += x[c];
    for (int c = 0; c < channels; c++)
        io->y[c] /= (float)pixels(v);
}

static void global_avg_backward_data(const layer_view *v, const layer_io *io) {
    int channels = v->out.c;
    float *dx = io->dx;
    for (size_t p = 0; p < pixels(v); p++, dx += channels)
        for (int c = 0; c < channels; c++)
            dx[c] = io->dy[c] / (float)pixels(v);
}

static const layer_sample samples[] = {{{0}, 1, {{4, 3, 5}}}, {{0}, 1, {{1, 1, 2}}}};

const layer layer_global_avg_pool = {
    .name = "global_avg_pool",
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_global,
    .forward = global_avg_forward,
    .backward_data = global_avg_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
