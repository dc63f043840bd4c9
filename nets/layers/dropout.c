/* Dropout (Srivastava et al. 2014), inverted: in training a value is 0 with probability `rate`, else scaled by 1 / (1 - rate). The stash is
 * one bit per value, 1 = kept. Outside training it is the identity and no step is made of it. */
#include "nets/layers/drop_internal.h"

static size_t dropout_stash_bytes(const layer_view *v) {
    return mask_bytes(shape_size(v->out));
}

static void dropout_forward(const layer_view *v, const layer_io *io) {
    double threshold = drop_threshold(v);
    float scale = drop_scale(v);
    uint8_t *kept = io->stash;
    for (size_t i = 0; i < shape_size(v->out); i++) {
        bool keep = drop_keeps(io->random, threshold);
        kept[i / 8] = (uint8_t)((i % 8 ? kept[i / 8] : 0) | keep << i % 8);
        io->y[i] = keep ? io->x[0][i] * scale : 0;
    }
}

static void dropout_backward_data(const layer_view *v, const layer_io *io) {
    float scale = drop_scale(v);
    const uint8_t *kept = io->stash;
    for (size_t i = 0; i < shape_size(v->out); i++)
        io->dx[i] = kept[i / 8] >> i % 8 & 1 ? io->dy[i] * scale : 0;
}

static const layer_sample samples[] = {{{.rate = .5F}, 1, {{4, 3, 3}}}, {{.rate = .2F}, 1, {{1, 1, 50}}}};

const layer layer_dropout = {
    .name = "dropout",
    .fields = FIELD_RATE,
    .traits = LAYER_ELEMENTWISE | LAYER_TRAINING_ONLY,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_drop,
    .stash_bytes = dropout_stash_bytes,
    .forward = dropout_forward,
    .backward_data = dropout_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
