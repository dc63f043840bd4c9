/* Sums, differences, products and quotients, of two maps or with constants. */
#include <string.h>

#include "nets/onnx/import_internal.h"

/* x * scale + shift with one constant k, where x stands first or second. */
static bool affine_of(const char *op, bool first, double k, double *scale, double *shift) {
    *scale = 1;
    *shift = 0;
    if (!strcmp(op, "Add"))
        *shift = k;
    else if (!strcmp(op, "Mul"))
        *scale = k;
    else if (!strcmp(op, "Sub")) {
        *scale = first ? 1 : -1;
        *shift = first ? -k : k;
    } else {
        *scale = 1 / k;
        return first && k != 0;
    }
    return true;
}

/* The place in a constant, broadcast to `like`, of place i. */
static size_t broadcast_place(const onnx_tensor *constant, const onnx_tensor *like, size_t i) {
    size_t place = 0, stride = 1;
    for (int axis = like->rank - 1, own = constant->rank - 1; axis >= 0; axis--, own--) {
        size_t length = (size_t)like->dims[axis], index = i % length;
        i /= length;
        if (own < 0) continue;
        if (constant->dims[own] > 1) place += index * stride;
        stride *= (size_t)constant->dims[own];
    }
    return place;
}

/* The only axis of `like` along which the broadcast constant varies; -1: none, -2: several. */
static int varying_axis(const onnx_tensor *constant, const onnx_tensor *like) {
    int found = -1;
    for (int own = 0; own < constant->rank; own++) {
        if (constant->dims[own] <= 1) continue;
        if (found != -1) return -2;
        found = own + like->rank - constant->rank;
    }
    return found;
}

/* Whether axis `axis` of a value is the channels of the map that carries it. */
static bool is_channels(const importer *im, const carrier *c, const onnx_tensor *t, int axis) {
    shape s = import_node_shape(im, c->node);
    int64_t before = 1, behind = 1, *side = &before;
    for (int k = 0; k < MAP_AXES; k++) {
        if (c->axes[k] == MAP_C)
            side = &behind;
        else
            *side *= c->axes[k] == MAP_H ? s.h : s.w;
    }
    return t->dims[axis] == s.c && import_before(t, axis) == before && import_behind(t, axis) == behind;
}

/* Normalisation of pixels takes it in: (x - mean) / std, then * scale + shift. */
static void fold_into_pixels(carrier *c, int channels, const float *scale, const float *shift) {
    for (int k = 0; k < channels; k++) {
        c->mean[k] -= (double)shift[k] / (double)scale[k] * c->std[k];
        c->std[k] /= (double)scale[k];
    }
}

static bool all_positive(const float *x, int n) {
    for (int i = 0; i < n; i++)
        if (!(x[i] > 0)) return false;
    return true;
}

static status with_constant(importer *im, const onnx_node *n, int side, err *e) {
    const onnx_tensor *k = import_constant(im, n, 1 - side), *like = import_result(im, n);
    int value = n->inputs[side];
    carrier *c = &im->carriers[value];
    if (!k->floats || like->n != import_tensor(im, n, side)->n || like->n == 0)
        return import_refuse(im, e, "a constant that is larger than the map, or no number");
    int axis = varying_axis(k, like);
    bool per_channel = axis == -1 || (axis >= 0 && is_channels(im, c, like, axis));
    if (!per_channel) import_map(im, value, import_vector(like));
    int channels = import_node_shape(im, c->node).c;
    float *scale = import_floats(im, (size_t)channels, 1), *shift = import_floats(im, (size_t)channels, 0);
    if (!scale || !shift) return err_set(e, STATUS_NO_MEMORY, "no memory for constants");
    for (int i = 0; i < channels; i++) {
        size_t place = axis == -1 ? 0 : per_channel ? (size_t)i : broadcast_place(k, like, (size_t)i);
        double s, t;
        if (!affine_of(n->op, side == 0, (double)k->floats[place], &s, &t))
            return import_refuse(im, e, "a quotient with 0 or the map below");
        scale[i] = (float)s;
        shift[i] = (float)t;
    }
    if (c->pixels && channels <= 4 && all_positive(scale, channels)) {
        im->carriers[n->outputs[0]] = *c;
        fold_into_pixels(&im->carriers[n->outputs[0]], channels, scale, shift);
        return STATUS_OK;
    }
    int node = import_affine(im, import_any(im, value), scale, shift);
    im->carriers[n->outputs[0]] = *c;
    im->carriers[n->outputs[0]].node = node;
    return STATUS_OK;
}

/* Both maps with equal shapes and orders, for layers that take values pairwise. */
static void alike(importer *im, const onnx_node *n, int nodes[2]) {
    for (int k = 0; k < 2; k++)
        nodes[k] = import_any(im, n->inputs[k]);
    const carrier *a = &im->carriers[n->inputs[0]], *b = &im->carriers[n->inputs[1]];
    bool same = shape_equal(import_node_shape(im, nodes[0]), import_node_shape(im, nodes[1])) &&
                !memcmp(a->axes, b->axes, sizeof a->axes);
    for (int k = 0; k < 2 && !same; k++)
        nodes[k] = import_map(im, n->inputs[k], import_shape(import_result(im, n)));
}

static bool same_dims(const onnx_tensor *a, const onnx_tensor *b) {
    int rank = a->rank > b->rank ? a->rank : b->rank;
    for (int k = 1; k <= rank; k++)
        if ((k <= a->rank ? a->dims[a->rank - k] : 1) != (k <= b->rank ? b->dims[b->rank - k] : 1))
            return false;
    return true;
}

static int negative(importer *im, int node) {
    size_t channels = (size_t)import_node_shape(im, node).c;
    return import_affine(im, node, import_floats(im, channels, -1), import_floats(im, channels, 0));
}

/* A map times a number per channel: squeeze-and-excitation. */
static bool gate(importer *im, const onnx_node *n, int side) {
    const onnx_tensor *map = import_tensor(im, n, side), *gates = import_tensor(im, n, 1 - side);
    shape s = import_shape(map);
    bool fits = map->rank == 4 && gates->rank == 4 && gates->dims[1] == s.c && gates->n == (size_t)s.c &&
                map->dims[1] == s.c;
    if (!fits || strcmp(n->op, "Mul")) return false;
    int nodes[2] = {import_map(im, n->inputs[side], s),
                    import_map(im, n->inputs[1 - side], (shape){1, 1, s.c})};
    import_give(im, n, import_add(im, "mul", NULL, 2, nodes));
    return true;
}

status lower_arithmetic(importer *im, const onnx_node *n, err *e) {
    if (n->n_inputs != 2) return import_refuse(im, e, "%d inputs", n->n_inputs);
    if (onnx_int(n, "broadcast", 0)) return import_refuse(im, e, "the broadcasting of opsets before 7");
    for (int side = 0; side < 2; side++)
        if (!import_depends(im, n, 1 - side)) return with_constant(im, n, side, e);
    bool same = same_dims(import_tensor(im, n, 0), import_tensor(im, n, 1));
    if (!same && (gate(im, n, 0) || gate(im, n, 1))) return STATUS_OK;
    if (!same || !strcmp(n->op, "Div"))
        return import_refuse(im, e, "two maps of different shapes, or divided by one another");
    int nodes[2];
    alike(im, n, nodes);
    if (!strcmp(n->op, "Sub")) nodes[1] = negative(im, nodes[1]);
    import_give_alike(im, n, import_add(im, strcmp(n->op, "Mul") ? "add" : "mul", NULL, 2, nodes));
    return STATUS_OK;
}

status lower_neg(importer *im, const onnx_node *n, err *e) {
    (void)e;
    int from = import_any(im, n->inputs[0]);
    import_give_alike(im, n, negative(im, from));
    return STATUS_OK;
}

status lower_sum(importer *im, const onnx_node *n, err *e) {
    shape s = import_shape(import_result(im, n));
    int nodes[LAYER_MOST_INPUTS];
    if (n->n_inputs < 1 || n->n_inputs > LAYER_MOST_INPUTS)
        return import_refuse(im, e, "%d inputs, at most %d are supported", n->n_inputs,
                             (int)LAYER_MOST_INPUTS);
    for (int k = 0; k < n->n_inputs; k++) {
        if (!import_depends(im, n, k) || !same_dims(import_tensor(im, n, k), import_result(im, n)))
            return import_refuse(im, e, "a sum with constants or of different shapes");
        nodes[k] = import_map(im, n->inputs[k], s);
    }
    import_give(im, n, n->n_inputs == 1 ? nodes[0] : import_add(im, "add", NULL, n->n_inputs, nodes));
    return STATUS_OK;
}
