/* Stochastic depth (Huang et al. 2016): in training the branch of a whole sample is 0 with probability `rate`, else scaled by
 * 1 / (1 - rate). The stash is one byte, 1 = kept. Outside training it is the identity and no step is made of it. */
#include <math.h>
#include <string.h>

#include "nets/layers/drop_internal.h"

static size_t drop_path_stash_bytes(const layer_view *v) {
    (void)v;
    return 1;
}

static void pass(const layer_view *v, bool keep, const float *from, float *to) {
    float scale = drop_scale(v);
    for (size_t i = 0; i < shape_size(v->out); i++)
        to[i] = keep ? from[i] * scale : 0;
}

static void drop_path_forward(const layer_view *v, const layer_io *io) {
    uint8_t *kept = io->stash;
    *kept = drop_keeps(io->random, drop_threshold(v));
    pass(v, *kept, io->x[0], io->y);
}

static void drop_path_backward_data(const layer_view *v, const layer_io *io) {
    pass(v, *(const uint8_t *)io->stash, io->dy, io->dx);
}

static const layer_sample samples[] = {{{.rate = .5F}, 1, {{4, 3, 3}}}, {{.rate = .2F}, 1, {{1, 1, 9}}}};

const layer layer_drop_path = {
    .name = "drop_path",
    .fields = FIELD_RATE,
    .traits = LAYER_ELEMENTWISE | LAYER_TRAINING_ONLY,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_drop,
    .stash_bytes = drop_path_stash_bytes,
    .forward = drop_path_forward,
    .backward_data = drop_path_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
