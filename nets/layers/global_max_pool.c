/* The maximum of every channel; NaN wins. The stash holds its pixel (the first of equals). */
#include <string.h>

#include "nets/layer_internal.h"

static size_t global_max_stash_bytes(const layer_view *v) {
    return (size_t)v->out.c * sizeof(uint32_t);
}

static void global_max_forward(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->in[0].h * (size_t)v->in[0].w, channels = (size_t)v->out.c;
    uint32_t *which = io->stash;
    for (size_t c = 0; c < channels; c++) {
        size_t best = 0;
        for (size_t p = 1; p < pixels; p++) {
            float x = io->x[0][p * channels + c];
            if (x > io->x[0][best * channels + c] || x != x) best = p;
        }
        io->y[c] = io->x[0][best * channels + c];
        if (which) which[c] = (uint32_t)best;
    }
}

static void global_max_backward_data(const layer_view *v, const layer_io *io) {
    size_t channels = (size_t)v->out.c;
    const uint32_t *which = io->stash;
    memset(io->dx, 0, shape_size(v->in[0]) * sizeof *io->dx);
    for (size_t c = 0; c < channels; c++)
        io->dx[which[c] * channels + c] = io->dy[c];
}

static const layer_sample samples[] = {{{0}, 1, {{4, 3, 5}}}, {{0}, 1, {{1, 1, 2}}}};

const layer layer_global_max_pool = {
    .name = "global_max_pool",
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_global,
    .stash_bytes = global_max_stash_bytes,
    .forward = global_max_forward,
    .backward_data = global_max_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
