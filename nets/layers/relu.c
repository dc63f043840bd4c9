/* max(x, 0); NaN stays NaN. The stash is one bit per value. Most rectifiers are fused into the step before them and never get
 * here: see nets/session_lower.c. */
#include <string.h>

#include "nets/layer_internal.h"

static size_t relu_stash_bytes(const layer_view *v) {
    return mask_bytes(shape_size(v->out));
}

static void relu_forward(const layer_view *v, const layer_io *io) {
    size_t n = shape_size(v->out);
    memcpy(io->y, io->x[0], n * sizeof *io->y);
    epilogue_apply(&(epilogue){.relu = true, .mask = io->stash}, n, v->out.c, io->y);
}

static void relu_backward_data(const layer_view *v, const layer_io *io) {
    size_t n = shape_size(v->out);
    memcpy(io->dx, io->dy, n * sizeof *io->dx);
    epilogue_apply(&(epilogue){.gate = io->stash}, n, v->out.c, io->dx);
}

static const layer_sample samples[] = {{{0}, 1, {{3, 3, 5}}}, {{0}, 1, {{1, 1, 16}}}};

const layer layer_relu = {
    .name = "relu",
    .traits = LAYER_ELEMENTWISE | LAYER_RECTIFIER | LAYER_RELU,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_same,
    .stash_bytes = relu_stash_bytes,
    .forward = relu_forward,
    .backward_data = relu_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
