/* Values between two bounds; NaN stays NaN. */
#include <math.h>

#include "nets/layer_internal.h"

static status clip_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (!(c->low <= c->high))
        return err_set(e, STATUS_BAD_FILE, "clipping to %g..%g", (double)c->low, (double)c->high);
    return shape_same(c, n_inputs, in, out, e);
}

static void clip_forward(const layer_view *v, const layer_io *io) {
    float low = v->config->low, high = v->config->high;
    for (size_t i = 0; i < shape_size(v->out); i++) {
        float x = io->x[0][i];
        io->y[i] = x < low ? low : x > high ? high : x;
    }
}

static void clip_backward_data(const layer_view *v, const layer_io *io) {
    for (size_t i = 0; i < shape_size(v->out); i++) {
        float x = io->x[0][i];
        io->dx[i] = x < v->config->low || x > v->config->high ? 0 : io->dy[i];
    }
}

static const layer_sample samples[] = {{{.low = -.5F, .high = .75F}, 1, {{3, 4, 5}}},
                                       {{.low = 0, .high = 1}, 1, {{1, 1, 17}}}};

const layer layer_clip = {
    .name = "clip",
    .fields = FIELD_BOUNDS,
    .traits = LAYER_ELEMENTWISE | LAYER_RECTIFIER | LAYER_KEEPS_INPUT,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = clip_shape,
    .forward = clip_forward,
    .backward_data = clip_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
