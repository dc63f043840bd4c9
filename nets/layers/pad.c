/* A map with a frame around it, and channels before and behind: filled with one number, mirrored without repeating the edge (reflect), or
 * with the nearest value (edge). */
#include "nets/layers/move_internal.h"

static status pad_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    int length[3] = {in->h, in->w, in->c};
    int before[3] = {c->pad[0], c->pad[1], c->pad_channels[0]};
    int behind[3] = {c->pad[2], c->pad[3], c->pad_channels[1]};
    if (c->pad_mode < 0 || c->pad_mode >= PAD_MODES)
        return err_set(e, STATUS_UNSUPPORTED,
                       "padding mode %d, expected 0 (one number), 1 (reflect), 2 (edge)", c->pad_mode);
    for (int axis = 0; axis < 3; axis++) {
        if (before[axis] > 1 << 20 || behind[axis] > 1 << 20)
            return err_set(e, STATUS_BAD_FILE, "a padding of %d and %d", before[axis], behind[axis]);
        if (c->pad_mode == PAD_REFLECT && (before[axis] >= length[axis] || behind[axis] >= length[axis]))
            return err_set(e, STATUS_BAD_FILE, "reflecting %d and %d values of %d", before[axis],
                           behind[axis], length[axis]);
    }
    *out =
        (shape){in->h + before[0] + behind[0], in->w + before[1] + behind[1], in->c + before[2] + behind[2]};
    return STATUS_OK;
}

/* Where value `at` (perhaps outside) of an axis comes from; MOVE_NOTHING: nowhere. */
static int inside(int at, int length, int mode) {
    if (at >= 0 && at < length) return at;
    switch (mode) {
    case PAD_REFLECT:
        return at < 0 ? -at : 2 * (length - 1) - at;
    case PAD_EDGE:
        return at < 0 ? 0 : length - 1;
    default:
        return MOVE_NOTHING;
    }
}

static ptrdiff_t source(const layer_view *v, int y, int x, int c) {
    const layer_config *k = v->config;
    shape in = v->in[0];
    int row = inside(y - k->pad[0], in.h, k->pad_mode), column = inside(x - k->pad[1], in.w, k->pad_mode);
    int channel = inside(c - k->pad_channels[0], in.c, k->pad_mode);
    bool nowhere = row == MOVE_NOTHING || column == MOVE_NOTHING || channel == MOVE_NOTHING;
    return nowhere ? MOVE_NOTHING : move_place(in, row, column, channel);
}

MOVE_FUNCTIONS(source, v->config->fill)

static const layer_sample samples[] = {
    {{.pad = {1, 0, 2, 1}, .pad_channels = {1, 2}}, 1, {{3, 2, 3}}},
    {{.pad = {1, 1, 1, 1}, .fill = -.5F}, 1, {{2, 3, 2}}},
    {{.pad = {2, 1, 1, 2}, .pad_mode = PAD_REFLECT}, 1, {{3, 4, 2}}},
    {{.pad = {2, 1, 1, 3}, .pad_mode = PAD_EDGE}, 1, {{2, 2, 2}}},
};

const layer layer_pad = {
    .name = "pad",
    .fields = FIELD_PAD | FIELD_FRAME,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = pad_shape,
    .forward = move_forward,
    .backward_data = move_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
