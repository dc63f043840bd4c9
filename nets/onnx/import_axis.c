/* Operators along one axis of a tensor: the axis is brought to the front of the map, as its channels, and put back afterwards. */
#include <string.h>

#include "nets/onnx/import_internal.h"

/* The map that has `axis` as its channels, all before it as rows and all behind as columns; where nothing is before it and the map that we would
 * take anyway has it so, that one. */
static shape front_shape(const onnx_tensor *t, int axis) {
    shape natural = import_shape(t);
    if (import_before(t, axis) == 1 && natural.c == t->dims[axis]) return natural;
    return (shape){(int)import_before(t, axis), (int)import_behind(t, axis), (int)t->dims[axis]};
}

int import_axis_front(importer *im, int value, int axis) {
    const onnx_tensor *t = im->trace->values[value];
    shape front = front_shape(t, axis);
    if (import_before(t, axis) == 1) return import_map(im, value, front);
    layer_config c = {.view = {1, 1, front.h, front.c, front.w},
                      .order = {0, 1, 3, 2, 4},
                      .to = {front.h, front.w, front.c}};
    return import_add_one(im, "permute", &c, import_map(im, value, import_shape(t)));
}

int import_axis_back(importer *im, int node, const onnx_tensor *like, int axis) {
    if (import_before(like, axis) == 1) return node;
    shape front = front_shape(like, axis), natural = import_shape(like);
    layer_config c = {.view = {1, 1, front.c, front.h, front.w},
                      .order = {0, 1, 3, 2, 4},
                      .to = {natural.h, natural.w, natural.c}};
    return import_add_one(im, "permute", &c, node);
}

int import_slice(importer *im, int node, int start, int step, int count) {
    shape s = import_node_shape(im, node);
    layer_config c = {.start = {0, 0, start}, .step = {1, 1, step}, .count = {s.h, s.w, count}};
    return start == 0 && count == s.c ? node : import_add_one(im, "slice", &c, node);
}

static status axis_of(importer *im, const onnx_node *n, int64_t fallback, int *out, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    int64_t axis = onnx_int(n, "axis", fallback);
    *out = import_axis(axis, t->rank);
    if (*out < 0) return import_refuse(im, e, "axis %lld of %d", (long long)axis, t->rank);
    return STATUS_OK;
}

/* Joined in groups, and these again: in one chain the first would be copied as often as there are groups. */
static int join(importer *im, int *nodes, int count) {
    while (count > 1) {
        int groups = 0;
        for (int k = 0; k < count; k += LAYER_MOST_INPUTS) {
            int n = count - k < LAYER_MOST_INPUTS ? count - k : LAYER_MOST_INPUTS;
            nodes[groups++] = n == 1 ? nodes[k] : import_add(im, "concat", NULL, n, nodes + k);
        }
        count = groups;
    }
    return nodes[0];
}

status lower_concat(importer *im, const onnx_node *n, err *e) {
    int axis, *nodes = arena_array(im->memory, (size_t)n->n_inputs, sizeof *nodes);
    if (!nodes) return err_set(e, STATUS_NO_MEMORY, "no memory to join maps");
    status s = axis_of(im, n, 1, &axis, e);
    if (s != STATUS_OK) return s;
    for (int k = 0; k < n->n_inputs; k++) {
        if (!import_depends(im, n, k)) return import_refuse(im, e, "a constant beside maps");
        nodes[k] = import_axis_front(im, n->inputs[k], axis);
    }
    import_give(im, n, import_axis_back(im, join(im, nodes, n->n_inputs), import_result(im, n), axis));
    return STATUS_OK;
}

status lower_split(importer *im, const onnx_node *n, err *e) {
    int axis, start = 0;
    status s = axis_of(im, n, 0, &axis, e);
    if (s != STATUS_OK) return s;
    int front = import_axis_front(im, n->inputs[0], axis);
    for (int k = 0; k < n->n_outputs; k++) {
        int value = n->outputs[k];
        const onnx_tensor *t = value >= 0 ? im->trace->values[value] : NULL;
        if (!t) return import_refuse(im, e, "a part that is left out");
        int count = (int)t->dims[axis];
        if (im->readers[value]) {
            int part = import_slice(im, front, start, 1, count);
            im->carriers[value] =
                (carrier){.node = import_axis_back(im, part, t, axis), .axes = {MAP_C, MAP_H, MAP_W}};
        }
        start += count;
    }
    return STATUS_OK;
}

static int64_t clamp(int64_t x, int64_t most) {
    return x < 0 ? 0 : x > most ? most : x;
}

/* Start and stride of the slice along every axis. */
static status slice_extents(importer *im, const onnx_node *n, int start[ONNX_MOST_RANK],
                            int step[ONNX_MOST_RANK], err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    int n_starts, n_ends, n_axes, n_steps;
    const int64_t *starts = import_integers(im, n, "starts", 1, &n_starts);
    const int64_t *ends = import_integers(im, n, "ends", 2, &n_ends);
    const int64_t *axes = import_integers(im, n, "axes", 3, &n_axes);
    const int64_t *steps = import_integers(im, n, "steps", 4, &n_steps);
    for (int k = 0; k < t->rank; k++) {
        start[k] = 0;
        step[k] = 1;
    }
    if (!starts || !ends || (axes && n_axes != n_starts) || (steps && n_steps != n_starts))
        return import_refuse(im, e, "where it begins and ends is not constant");
    for (int k = 0; k < n_starts; k++) {
        int axis = import_axis(axes ? axes[k] : k, t->rank);
        if (axis < 0 || (steps && (steps[k] < 1 || steps[k] > INT32_MAX)))
            return import_refuse(im, e, "an axis that is not there, or a stride below 1");
        int64_t length = t->dims[axis], first = starts[k] < 0 ? starts[k] + length : starts[k];
        start[axis] = (int)clamp(first, length);
        step[axis] = steps ? (int)steps[k] : 1;
    }
    return STATUS_OK;
}

status lower_slice(importer *im, const onnx_node *n, err *e) {
    int start[ONNX_MOST_RANK], step[ONNX_MOST_RANK];
    const onnx_tensor *t = import_tensor(im, n, 0), *out = import_result(im, n);
    status s = slice_extents(im, n, start, step, e);
    if (s != STATUS_OK) return s;
    if (out->n == 0) return import_refuse(im, e, "it takes nothing");
    if (out->n == t->n) return lower_same(im, n, e);
    if (t->rank != 4 || t->dims[0] != 1)
        return import_refuse(im, e, "its input has %d dimensions, only 4 are supported", t->rank);
    layer_config c = {.start = {start[2], start[3], start[1]},
                      .step = {step[2], step[3], step[1]},
                      .count = {(int)out->dims[2], (int)out->dims[3], (int)out->dims[1]}};
    import_give(im, n, import_add_one(im, "slice", &c, import_map(im, n->inputs[0], import_shape(t))));
    return STATUS_OK;
}

/* One index, or several at equal distances: a slice. Or up to four channels of an image in any order. */
status lower_gather(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0), *indices = import_constant(im, n, 1);
    int axis;
    status s = axis_of(im, n, 0, &axis, e);
    if (s != STATUS_OK) return s;
    if (!import_depends(im, n, 0) || !indices || !indices->ints || indices->n < 1)
        return import_refuse(im, e, "what it picks is not constant");
    int64_t first = import_axis(indices->ints[0], (int)t->dims[axis]), step = 1;
    bool even = first >= 0;
    layer_config c = {.n_map = indices->n <= 4 ? (int)indices->n : 0};
    for (size_t k = 0; k < indices->n; k++) {
        int64_t at = import_axis(indices->ints[k], (int)t->dims[axis]);
        if (at < 0) return import_refuse(im, e, "index %lld", (long long)indices->ints[k]);
        if (k == 1) step = at - first;
        even &= step > 0 && at == first + (int64_t)k * step;
        if (k < 4) c.map[k] = (int)at;
    }
    if (!even && !c.n_map) return import_refuse(im, e, "indices at unequal distances");
    int front = import_axis_front(im, n->inputs[0], axis);
    int picked = even ? import_slice(im, front, (int)first, (int)step, (int)indices->n)
                      : import_add_one(im, "channels", &c, front);
    onnx_tensor like = *t; /* what is picked, before a single index drops the axis */
    like.dims[axis] = (int64_t)indices->n;
    import_give(im, n, import_axis_back(im, picked, &like, axis));
    return STATUS_OK;
}

/* From opset 13 along one axis; before, along all from `axis` on. */
status lower_softmax(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_result(im, n);
    int axis;
    status s = axis_of(im, n, im->g->opset < 13 ? 1 : -1, &axis, e);
    if (s != STATUS_OK) return s;
    bool flattens = im->g->opset < 13 && axis != t->rank - 1;
    if (flattens && import_before(t, axis) != 1)
        return import_refuse(im, e, "several softmaxes over several axes");
    if (flattens) {
        import_give(im, n,
                    import_add_one(im, "softmax", NULL, import_map(im, n->inputs[0], import_vector(t))));
        return STATUS_OK;
    }
    int node = import_add_one(im, "softmax", NULL, import_axis_front(im, n->inputs[0], axis));
    import_give(im, n, import_axis_back(im, node, t, axis));
    return STATUS_OK;
}
