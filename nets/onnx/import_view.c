/* The same values with other dimensions or in another order. */
#include "nets/onnx/import_internal.h"

/* Same values, same order, at most axes of length 1 come and go. */
status lower_same(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_result(im, n);
    if (!onnx_type_is_float(t->type))
        return import_refuse(im, e, "it makes %s of the image's values", onnx_type_name(t->type));
    if (n->n_outputs > 1 && n->outputs[1] >= 0 && im->readers[n->outputs[1]])
        return import_refuse(im, e, "its second output is read");
    im->carriers[n->outputs[0]] = im->carriers[n->inputs[0]];
    return STATUS_OK;
}

status lower_view(importer *im, const onnx_node *n, err *e) {
    (void)e;
    int value = n->inputs[0];
    if (!import_plain(im, &im->carriers[value])) import_map(im, value, import_shape(import_result(im, n)));
    im->carriers[n->outputs[0]] = im->carriers[value];
    return STATUS_OK;
}

/* Axes of a tensor that are longer than 1. */
static int long_axes(const onnx_tensor *t, int axes[ONNX_MOST_RANK]) {
    int n = 0;
    for (int k = 0; k < t->rank; k++)
        if (t->dims[k] > 1) axes[n++] = k;
    return n;
}

/* Whether the long axes of a value are, one by one, those of the map that carries it; then map[axis of the value] = which of carrier.axes. */
static bool axes_match(const importer *im, const carrier *c, const onnx_tensor *t, int map[ONNX_MOST_RANK]) {
    shape s = import_node_shape(im, c->node);
    const int length[MAP_AXES] = {s.c, s.h, s.w};
    int axes[ONNX_MOST_RANK], n = long_axes(t, axes), at = 0;
    for (int k = 0; k < MAP_AXES; k++) {
        if (length[c->axes[k]] == 1) continue;
        if (at == n || t->dims[axes[at]] != length[c->axes[k]]) return false;
        map[axes[at++]] = k;
    }
    return at == n;
}

/* perm[k] of the result comes from that axis of the input; PyTorch's default turns all around. */
static status permutation(importer *im, const onnx_node *n, int rank, int perm[ONNX_MOST_RANK], err *e) {
    const onnx_attribute *a = onnx_attribute_find(n, "perm");
    for (int k = 0; k < rank; k++) {
        int64_t from = a && a->kind == ONNX_ATTRIBUTE_INTS && k < a->n ? a->ints[k] : rank - 1 - k;
        if (from < 0 || from >= rank) return import_refuse(im, e, "axis %lld of %d", (long long)from, rank);
        perm[k] = (int)from;
    }
    return STATUS_OK;
}

/* Only the order in which the map is read changes: no layer. */
static void turn_carrier(importer *im, const onnx_node *n, const onnx_tensor *t, const int *perm,
                         const int *map) {
    carrier old = im->carriers[n->inputs[0]], new = old;
    shape s = import_node_shape(im, old.node);
    const int length[MAP_AXES] = {s.c, s.h, s.w};
    int at = 0;
    for (int k = 0; k < t->rank; k++)
        if (t->dims[perm[k]] > 1) new.axes[at++] = old.axes[map[perm[k]]];
    for (int k = 0; k < MAP_AXES; k++)
        if (length[old.axes[k]] == 1) new.axes[at++] = old.axes[k];
    im->carriers[n->outputs[0]] = new;
}

status lower_transpose(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    int perm[ONNX_MOST_RANK], map[ONNX_MOST_RANK], axes[ONNX_MOST_RANK], count = long_axes(t, axes);
    status s = permutation(im, n, t->rank, perm, e);
    if (s != STATUS_OK) return s;
    if (axes_match(im, &im->carriers[n->inputs[0]], t, map)) {
        turn_carrier(im, n, t, perm, map);
        return STATUS_OK;
    }
    if (count > VIEW_RANK)
        return import_refuse(im, e, "%d axes, at most %d are supported", count, (int)VIEW_RANK);
    shape out = import_shape(import_result(im, n));
    layer_config c = {.to = {out.h, out.w, out.c}};
    int first = VIEW_RANK - count, place[ONNX_MOST_RANK] = {0}, at = first;
    for (int k = 0; k < VIEW_RANK; k++) {
        c.view[k] = k < first ? 1 : (int)t->dims[axes[k - first]];
        c.order[k] = k;
        if (k >= first) place[axes[k - first]] = k;
    }
    for (int k = 0; k < t->rank; k++)
        if (t->dims[perm[k]] > 1) c.order[at++] = place[perm[k]];
    int from = import_map(im, n->inputs[0], import_shape(t));
    import_give(im, n, import_add_one(im, "permute", &c, from));
    return STATUS_OK;
}
