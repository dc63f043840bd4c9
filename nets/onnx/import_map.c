/* Frames around maps, and what is left of them when axes are summed up. */
#include <math.h>
#include <string.h>

#include "nets/onnx/import_internal.h"

static status pad_mode_of(importer *im, const onnx_node *n, layer_config *c, err *e) {
    static const char *const modes[PAD_MODES] = {"constant", "reflect", "edge"};
    const char *mode = onnx_string(n, "mode", "constant");
    const onnx_tensor *fill = import_constant(im, n, 2);
    c->pad_mode = -1;
    for (int k = 0; k < PAD_MODES; k++)
        if (!strcmp(mode, modes[k])) c->pad_mode = k;
    if (c->pad_mode < 0) return import_refuse(im, e, "mode '%.20s'", mode);
    c->fill = fill && fill->floats && fill->n == 1 ? fill->floats[0] : onnx_float(n, "value", 0);
    if (import_depends(im, n, 2) || !(fabsf(c->fill) <= 1e30F))
        return import_refuse(im, e, "what it fills in is not a finite constant");
    return STATUS_OK;
}

/* Begins of N, C, H, W, then ends. */
status lower_pad(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    layer_config c = {0};
    int count;
    const int64_t *pads = import_integers(im, n, "pads", 1, &count);
    status s = pad_mode_of(im, n, &c, e);
    if (s != STATUS_OK) return s;
    if (!pads || count != 2 * t->rank || import_tensor(im, n, 3))
        return import_refuse(im, e, "its padding is not a constant for each axis");
    bool any = false, fits = t->rank == 4;
    for (int k = 0; k < count; k++) {
        any |= pads[k] != 0;
        fits &= pads[k] >= 0 && pads[k] < 1 << 12;
    }
    if (!any) return lower_same(im, n, e);
    if (!fits || pads[0] || pads[4])
        return import_refuse(im, e,
                             "only channels, rows and columns of a map can be padded, and not cut off");
    const int64_t sides[4] = {pads[2], pads[3], pads[6], pads[7]};
    for (int k = 0; k < 4; k++)
        c.pad[k] = (int)sides[k];
    c.pad_channels[0] = (int)pads[1];
    c.pad_channels[1] = (int)pads[5];
    import_give(im, n, import_add_one(im, "pad", &c, import_map(im, n->inputs[0], import_shape(t))));
    return STATUS_OK;
}

/* Only what our layer does: bilinear, pixels at their middle, rows and columns. */
status lower_resize(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0), *out = import_result(im, n);
    const char *mode = onnx_string(n, "mode", "nearest");
    const char *where = onnx_string(n, "coordinate_transformation_mode", "half_pixel");
    bool half = !strcmp(where, "half_pixel") || !strcmp(where, "pytorch_half_pixel");
    if (strcmp(mode, "linear") || !half || t->rank != 4 || out->dims[0] != t->dims[0] ||
        out->dims[1] != t->dims[1])
        return import_refuse(
            im, e, "mode '%.20s' and '%.24s', only linear and half_pixel of rows and columns are supported",
            mode, where);
    layer_config c = {.size = {(int)out->dims[2], (int)out->dims[3]}};
    import_give(im, n, import_add_one(im, "resize", &c, import_map(im, n->inputs[0], import_shape(t))));
    return STATUS_OK;
}

/* Which axes are reduced: attribute or input, all where none are named. */
static status reduced_axes(importer *im, const onnx_node *n, bool reduced[ONNX_MOST_RANK], err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    int count;
    const int64_t *axes = import_integers(im, n, "axes", 1, &count);
    bool all = count == 0 && !onnx_int(n, "noop_with_empty_axes", 0);
    for (int k = 0; k < t->rank; k++)
        reduced[k] = all;
    for (int k = 0; k < count; k++) {
        int axis = import_axis(axes[k], t->rank);
        if (axis < 0) return import_refuse(im, e, "axis %lld of %d", (long long)axes[k], t->rank);
        reduced[axis] = true;
    }
    return STATUS_OK;
}

/* A map with the kept axes as channels and the reduced ones as rows. */
static status gather_reduced(importer *im, const onnx_node *n, const bool *reduced, int *node, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    layer_config c = {.to = {1, 1, 1}};
    int used[ONNX_MOST_RANK], count = 0, at;
    for (int k = 0; k < t->rank; k++)
        if (t->dims[k] > 1) used[count++] = k;
    if (count > VIEW_RANK)
        return import_refuse(im, e, "%d axes, at most %d are supported", count, (int)VIEW_RANK);
    at = VIEW_RANK - count;
    for (int k = 0; k < VIEW_RANK; k++) {
        c.view[k] = k < at ? 1 : (int)t->dims[used[k - at]];
        c.order[k] = k;
    }
    int to = at;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < count; k++) {
            if (reduced[used[k]] != pass) continue;
            c.order[to++] = at + k;
            c.to[pass ? 0 : 2] *= c.view[at + k];
        }
    *node = import_add_one(im, "permute", &c, import_map(im, n->inputs[0], import_shape(t)));
    return STATUS_OK;
}

/* Whether all rows and columns of the map that carries a value are reduced, and nothing else: a global pool, whatever the order. */
static bool is_global(importer *im, const onnx_node *n, const bool *reduced) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    const carrier *c = &im->carriers[n->inputs[0]];
    shape s = import_node_shape(im, c->node);
    int64_t kept = 1;
    int kept_axis = -1;
    for (int k = 0; k < t->rank; k++) {
        if (reduced[k] || t->dims[k] == 1) continue;
        kept *= t->dims[k];
        kept_axis = kept_axis == -1 ? k : -2;
    }
    if (kept_axis < 0 || kept != s.c) return false;
    int64_t before = 1;
    for (int k = 0; k < MAP_AXES && c->axes[k] != MAP_C; k++)
        before *= c->axes[k] == MAP_H ? s.h : s.w;
    return import_before(t, kept_axis) == before;
}

status lower_reduce(importer *im, const onnx_node *n, err *e) {
    bool reduced[ONNX_MOST_RANK], max = !strcmp(n->op, "ReduceMax");
    size_t kept = import_result(im, n)->n, all = import_tensor(im, n, 0)->n;
    int node;
    status s = reduced_axes(im, n, reduced, e);
    if (s != STATUS_OK) return s;
    if (kept == 0 || all == 0) return import_refuse(im, e, "an empty map");
    if (is_global(im, n, reduced))
        node = import_any(im, n->inputs[0]);
    else
        s = gather_reduced(im, n, reduced, &node, e);
    if (s != STATUS_OK) return s;
    node = import_add_one(im, max ? "global_max_pool" : "global_avg_pool", NULL, node);
    if (!strcmp(n->op, "ReduceSum"))
        node =
            import_affine(im, node, import_floats(im, kept, (float)(all / kept)), import_floats(im, kept, 0));
    import_give(im, n, node);
    return STATUS_OK;
}
