/* Elements by index. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

static status resolve(op_call *c, int64_t index, int64_t n, int64_t *out) {
    *out = 0;
    if (index < -n || index >= n) return op_bad(c, "index %" PRId64 " of %" PRId64 " elements", index, n);
    *out = index < 0 ? index + n : index;
    return STATUS_OK;
}

status op_gather(op_call *c) {
    const onnx_tensor *x = c->in[0], *indices = c->in[1];
    int axis;
    status s = op_need_ints(c, 1);
    if (s == STATUS_OK) s = op_axis(c, onnx_int(c->node, "axis", 0), x->rank, &axis);
    if (s != STATUS_OK) return s;
    int rank = x->rank - 1 + indices->rank, at = 0;
    if (rank > ONNX_MOST_RANK) return op_unsupported(c, "%d dimensions", rank);
    int64_t dims[ONNX_MOST_RANK];
    for (int i = 0; i < axis; i++)
        dims[at++] = x->dims[i];
    for (int i = 0; i < indices->rank; i++)
        dims[at++] = indices->dims[i];
    for (int i = axis + 1; i < x->rank; i++)
        dims[at++] = x->dims[i];
    onnx_tensor *out;
    s = op_new(c, 0, x->type, rank, dims, &out);
    size_t inner = op_product(x->dims, axis + 1, x->rank), n = (size_t)x->dims[axis];
    for (size_t i = 0; s == STATUS_OK && i < out->n; i++) {
        size_t outer = i / inner / indices->n;
        int64_t k;
        s = resolve(c, indices->ints[i / inner % indices->n], (int64_t)n, &k);
        if (s == STATUS_OK) op_copy_element(out, i, x, (outer * n + (size_t)k) * inner + i % inner);
    }
    return s;
}

/* out[i][j][k] = x[i][indices[i][j][k]][k], for axis 1. */
status op_gather_elements(op_call *c) {
    const onnx_tensor *x = c->in[0], *indices = c->in[1];
    int axis;
    status s = op_need_ints(c, 1);
    if (s == STATUS_OK) s = op_axis(c, onnx_int(c->node, "axis", 0), x->rank, &axis);
    if (s != STATUS_OK) return s;
    if (indices->rank != x->rank)
        return op_bad(c, "indices of %d dimensions, expected %d", indices->rank, x->rank);
    for (int i = 0; i < x->rank; i++)
        if (i != axis && indices->dims[i] > x->dims[i])
            return op_bad(c, "more indices than elements in dimension %d", i);
    int64_t strides[ONNX_MOST_RANK];
    op_strides(x->rank, x->dims, strides);
    onnx_tensor *out;
    s = op_new(c, 0, x->type, x->rank, indices->dims, &out);
    for (size_t i = 0; s == STATUS_OK && i < out->n; i++) {
        int64_t k, from;
        s = resolve(c, indices->ints[i], x->dims[axis], &k);
        from = k * strides[axis];
        size_t rest = i;
        for (int d = x->rank - 1; d >= 0; d--) {
            if (d != axis) from += (int64_t)(rest % (size_t)indices->dims[d]) * strides[d];
            rest /= (size_t)indices->dims[d];
        }
        if (s == STATUS_OK) op_copy_element(out, i, x, (size_t)from);
    }
    return s;
}
