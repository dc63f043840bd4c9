/* Reshape, transpose, reshape: the values in C,H,W order are seen as an array of up to five axes (`view`), whose axes change places (`order`, as
 * NumPy's transpose has it), and the result in that order is a map of shape `to`. Channel shuffles, turned axes and views are all of this. */
#include "nets/layers/move_internal.h"

static status permute_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    unsigned seen = 0;
    int64_t viewed = 1, size = (int64_t)shape_size(*in), made = 1;
    for (int k = 0; k < VIEW_RANK; k++) {
        if (c->view[k] < 1 || c->view[k] > size || c->order[k] < 0 || c->order[k] >= VIEW_RANK)
            return err_set(e, STATUS_BAD_FILE, "axis %d of a view: length %d, order %d", k, c->view[k],
                           c->order[k]);
        seen |= 1U << c->order[k];
        viewed *= viewed <= size ? c->view[k] : 1;
    }
    for (int k = 0; k < 3; k++) {
        if (c->to[k] < 1 || c->to[k] > size)
            return err_set(e, STATUS_BAD_FILE, "a map with a side of %d", c->to[k]);
        made *= made <= size ? c->to[k] : 1;
    }
    if (seen != (1U << VIEW_RANK) - 1) return err_set(e, STATUS_BAD_FILE, "the order of axes repeats one");
    if (viewed != size || made != size)
        return err_set(e, STATUS_BAD_FILE, "%lld values seen as %lld and made %lld", (long long)size,
                       (long long)viewed, (long long)made);
    *out = (shape){c->to[0], c->to[1], c->to[2]};
    return STATUS_OK;
}

/* The place in C,H,W order of the input of value `at` in C,H,W order of the output. */
static ptrdiff_t permuted(const layer_config *c, ptrdiff_t at) {
    ptrdiff_t index[VIEW_RANK], from = 0;
    for (int k = VIEW_RANK - 1; k >= 0; k--) {
        index[c->order[k]] = at % c->view[c->order[k]];
        at /= c->view[c->order[k]];
    }
    for (int k = 0; k < VIEW_RANK; k++)
        from = from * c->view[k] + index[k];
    return from;
}

static ptrdiff_t source(const layer_view *v, int y, int x, int c) {
    shape in = v->in[0];
    ptrdiff_t from = permuted(v->config, ((ptrdiff_t)c * v->out.h + y) * v->out.w + x);
    ptrdiff_t pixels = (ptrdiff_t)in.h * in.w;
    return from % pixels * in.c + from / pixels;
}

MOVE_FUNCTIONS(source, 0)

static const layer_sample samples[] = {
    {{.view = {1, 2, 3, 2, 3}, .order = {0, 2, 1, 3, 4}, .to = {2, 3, 6}}, 1, {{2, 3, 6}}},
    {{.view = {1, 1, 4, 2, 3}, .order = {0, 1, 3, 4, 2}, .to = {3, 4, 2}}, 1, {{2, 3, 4}}},
    {{.view = {1, 1, 1, 1, 24}, .order = {0, 1, 2, 3, 4}, .to = {3, 2, 4}}, 1, {{2, 3, 4}}},
};

const layer layer_permute = {
    .name = "permute",
    .fields = FIELD_VIEW,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = permute_shape,
    .forward = move_forward,
    .backward_data = move_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
