/* Spatial dropout (Tompson et al. 2015): as dropout, but of whole channels, since neighbouring pixels say the same. The stash is one
 * byte per channel, 1 = kept. */
#include "nets/layers/drop_internal.h"

static size_t dropout2d_stash_bytes(const layer_view *v) {
    return (size_t)v->out.c;
}

static void pass(const layer_view *v, const uint8_t *kept, const float *from, float *to) {
    size_t channels = (size_t)v->out.c, n = shape_size(v->out);
    float scale = drop_scale(v);
    for (size_t first = 0; first < n; first += channels)
        for (size_t c = 0; c < channels; c++)
            to[first + c] = kept[c] ? from[first + c] * scale : 0;
}

static void dropout2d_forward(const layer_view *v, const layer_io *io) {
    double threshold = drop_threshold(v);
    uint8_t *kept = io->stash;
    for (int c = 0; c < v->out.c; c++)
        kept[c] = drop_keeps(io->random, threshold);
    pass(v, kept, io->x[0], io->y);
}

static void dropout2d_backward_data(const layer_view *v, const layer_io *io) {
    pass(v, io->stash, io->dy, io->dx);
}

static const layer_sample samples[] = {{{.rate = .5F}, 1, {{4, 3, 6}}}, {{.rate = .2F}, 1, {{1, 1, 50}}}};

const layer layer_dropout2d = {
    .name = "dropout2d",
    .fields = FIELD_RATE,
    .traits = LAYER_TRAINING_ONLY,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_drop,
    .stash_bytes = dropout2d_stash_bytes,
    .forward = dropout2d_forward,
    .backward_data = dropout2d_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
