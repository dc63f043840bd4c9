/* exp(x) over its sum along the channels of each pixel. */
#include <math.h>

#include "nets/layer_internal.h"

static void softmax_forward(const layer_view *v, const layer_io *io) {
    int n = v->out.c, pixels = v->out.h * v->out.w;
    const float *x = io->x[0];
    float *y = io->y;
    for (int p = 0; p < pixels; p++, x += n, y += n) {
        float most = x[0], sum = 0;
        for (int c = 1; c < n; c++)
            most = x[c] > most ? x[c] : most;
        for (int c = 0; c < n; c++)
            sum += y[c] = expf(x[c] - most);
        for (int c = 0; c < n; c++)
            y[c] /= sum;
    }
}

static void softmax_backward_data(const layer_view *v, const layer_io *io) {
    int n = v->out.c, pixels = v->out.h * v->out.w;
    const float *y = io->y, *dy = io->dy;
    float *dx = io->dx;
    for (int p = 0; p < pixels; p++, y += n, dy += n, dx += n) {
        float dot = 0;
        for (int c = 0; c < n; c++)
            dot += y[c] * dy[c];
        for (int c = 0; c < n; c++)
            dx[c] = y[c] * (dy[c] - dot);
    }
}

static const layer_sample samples[] = {{{0}, 1, {{2, 3, 5}}}, {{0}, 1, {{1, 1, 9}}}};

const layer layer_softmax = {
    .name = "softmax",
    .traits = LAYER_KEEPS_OUTPUT,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_same,
    .forward = softmax_forward,
    .backward_data = softmax_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
