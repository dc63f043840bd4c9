/* Ways to walk through tensors: numpy's broadcasting, index maps per axis, strides. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

/* Joins one tensor into the common shape. */
static status join(op_call *c, const onnx_tensor *t, broadcast *b) {
    for (int i = 0; i < t->rank; i++) {
        int64_t *common = &b->dims[b->rank - t->rank + i];
        if (*common == 1) *common = t->dims[i];
        if (t->dims[i] != 1 && t->dims[i] != *common)
            return op_bad(c,
                          "shapes do not fit: %" PRId64 " against %" PRId64 " in dimension %d from the end",
                          t->dims[i], *common, t->rank - i);
    }
    return STATUS_OK;
}

static void find_strides(const onnx_tensor *t, broadcast *b, int64_t *strides) {
    int64_t dense[ONNX_MOST_RANK];
    op_strides(t->rank, t->dims, dense);
    for (int i = 0; i < t->rank; i++)
        strides[b->rank - t->rank + i] = t->dims[i] == 1 ? 0 : dense[i];
}

status op_broadcast(op_call *c, const onnx_tensor *const *tensors, int n, broadcast *out) {
    *out = (broadcast){.n_tensors = n};
    for (int i = 0; i < n; i++)
        if (tensors[i]->rank > out->rank) out->rank = tensors[i]->rank;
    for (int i = 0; i < out->rank; i++)
        out->dims[i] = 1;
    for (int i = 0; i < n; i++) {
        status s = join(c, tensors[i], out);
        if (s != STATUS_OK) return s;
    }
    for (int i = 0; i < n; i++)
        find_strides(tensors[i], out, out->strides[i]);
    return onnx_count(out->rank, out->dims, &out->n) ? STATUS_OK : op_bad(c, "a result of impossible shape");
}

void broadcast_next(broadcast *b) {
    for (int i = b->rank - 1; i >= 0; i--) {
        for (int k = 0; k < b->n_tensors; k++)
            b->at[k] += b->strides[k][i];
        if (++b->index[i] < b->dims[i]) return;
        for (int k = 0; k < b->n_tensors; k++)
            b->at[k] -= b->strides[k][i] * b->dims[i];
        b->index[i] = 0;
    }
}

/* The next index within dims; false after the last. */
static bool next_index(int rank, const int64_t *dims, int64_t *index) {
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i]) return true;
        index[i] = 0;
    }
    return false;
}

/* Where in `in` an element of the result comes from; -1: from nowhere. */
static int64_t source_of(int rank, const int64_t *index, int64_t *const *maps, const int64_t *strides) {
    int64_t at = 0;
    for (int i = 0; i < rank; i++) {
        int64_t k = maps[i][index[i]];
        if (k < 0) return -1;
        at += k * strides[i];
    }
    return at;
}

status op_take(op_call *c, const onnx_tensor *in, const int64_t *dims, int64_t *const *maps, double fill) {
    onnx_tensor *out;
    status s = op_new(c, 0, in->type, in->rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, out->n, (size_t)in->rank + 1, 1);
    if (s != STATUS_OK) return s;
    int64_t strides[ONNX_MOST_RANK], index[ONNX_MOST_RANK] = {0};
    op_strides(in->rank, in->dims, strides);
    for (size_t i = 0; i < out->n; i++) {
        int64_t from = source_of(in->rank, index, maps, strides);
        if (from < 0)
            op_set_number(out, i, fill);
        else
            op_copy_element(out, i, in, (size_t)from);
        next_index(in->rank, dims, index);
    }
    return STATUS_OK;
}

status op_view(op_call *c, const onnx_tensor *in, int view_rank, const int64_t *view_dims,
               const int64_t *view_strides, int rank, const int64_t *dims) {
    onnx_tensor *out;
    status s = op_new(c, 0, in->type, rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, out->n, (size_t)view_rank + 1, 1);
    if (s != STATUS_OK) return s;
    int64_t index[OP_VIEW_RANK] = {0};
    for (size_t i = 0; i < out->n; i++) {
        int64_t from = 0;
        for (int k = 0; k < view_rank; k++)
            from += index[k] * view_strides[k];
        op_copy_element(out, i, in, (size_t)from);
        next_index(view_rank, view_dims, index);
    }
    return STATUS_OK;
}
