/* Every step-th value from a first one, along rows, columns and channels: x[:, start:start+count*step:step] as NumPy writes it. */
#include "nets/layers/move_internal.h"

static status slice_axis(const layer_config *c, int axis, int length, err *e) {
    if (c->step[axis] < 1 || c->count[axis] < 1 ||
        c->start[axis] + (int64_t)(c->count[axis] - 1) * c->step[axis] >= length)
        return err_set(e, STATUS_BAD_FILE, "%d values from %d on, every %d of %d", c->count[axis],
                       c->start[axis], c->step[axis], length);
    return STATUS_OK;
}

static status slice_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    status s = slice_axis(c, 0, in->h, e);
    if (s == STATUS_OK) s = slice_axis(c, 1, in->w, e);
    if (s == STATUS_OK) s = slice_axis(c, 2, in->c, e);
    *out = (shape){c->count[0], c->count[1], c->count[2]};
    return s;
}

static ptrdiff_t source(const layer_view *v, int y, int x, int c) {
    const layer_config *k = v->config;
    return move_place(v->in[0], k->start[0] + y * k->step[0], k->start[1] + x * k->step[1],
                      k->start[2] + c * k->step[2]);
}

MOVE_FUNCTIONS(source, 0)

static const layer_sample samples[] = {
    {{.step = {2, 2, 1}, .count = {3, 2, 4}}, 1, {{6, 4, 4}}},
    {{.start = {0, 1, 2}, .step = {1, 3, 2}, .count = {2, 2, 3}}, 1, {{2, 6, 7}}},
};

const layer layer_slice = {
    .name = "slice",
    .fields = FIELD_SLICE,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = slice_shape,
    .forward = move_forward,
    .backward_data = move_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
