/* Concat and Split: runs of elements from and to one larger tensor. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

/* `n` elements from one tensor to another of the same kind. */
static void copy_run(onnx_tensor *to, size_t at, const onnx_tensor *from, size_t first, size_t n) {
    if (n == 0) return;
    if (to->floats)
        memcpy(to->floats + at, from->floats + first, n * sizeof *to->floats);
    else
        memcpy(to->ints + at, from->ints + first, n * sizeof *to->ints);
}

/* All inputs of one type and shape but for `axis`, along which they add up. */
static status check_parts(op_call *c, int axis, int64_t *total) {
    const onnx_tensor *first = c->in[0];
    *total = 0;
    for (int i = 0; i < c->n_in; i++) {
        const onnx_tensor *t = c->in[i];
        if (t->type != first->type || t->rank != first->rank)
            return op_bad(c, "input %d is of another type or rank", i);
        for (int k = 0; k < t->rank; k++)
            if (k != axis && t->dims[k] != first->dims[k])
                return op_bad(c, "input %d: dimension %d is %" PRId64 ", expected %" PRId64, i, k, t->dims[k],
                              first->dims[k]);
        *total += t->dims[axis];
    }
    return STATUS_OK;
}

status op_concat(op_call *c) {
    const onnx_tensor *first = c->in[0];
    if (c->opset >= 4 && !onnx_attribute_find(c->node, "axis")) return op_bad(c, "axis is missing");
    int axis;
    int64_t total;
    status s = op_axis(c, onnx_int(c->node, "axis", 1), first->rank, &axis);
    if (s == STATUS_OK) s = check_parts(c, axis, &total);
    if (s != STATUS_OK) return s;
    int64_t dims[ONNX_MOST_RANK];
    memcpy(dims, first->dims, sizeof dims);
    dims[axis] = total;
    onnx_tensor *out;
    s = op_new(c, 0, first->type, first->rank, dims, &out);
    if (s != STATUS_OK) return s;
    size_t outer = op_product(dims, 0, axis), inner = op_product(dims, axis + 1, first->rank), at = 0;
    for (int i = 0; i < c->n_in; i++) {
        size_t run = (size_t)c->in[i]->dims[axis] * inner;
        for (size_t o = 0; o < outer; o++)
            copy_run(out, o * (size_t)total * inner + at, c->in[i], o * run, run);
        at += run;
    }
    return STATUS_OK;
}

/* The length of part i: from the list, or equal parts, the last one shorter where num_outputs (opset 18) does not divide. */
static int64_t part_length(const op_call *c, op_list split, int64_t total, int i) {
    if (split.n >= 0) return split.at[i];
    int64_t each = (total + c->n_out - 1) / c->n_out, left = total - each * i;
    return left < each ? left : each;
}

static status check_split(op_call *c, op_list split, int64_t total) {
    if (c->n_out < 1) return op_bad(c, "no outputs");
    if (split.n < 0 && c->opset < 18 && total % c->n_out != 0)
        return op_bad(c, "%" PRId64 " in %d equal parts", total, c->n_out);
    if (split.n < 0)
        return total >= c->n_out ? STATUS_OK : op_bad(c, "%" PRId64 " in %d parts", total, c->n_out);
    if (split.n != c->n_out) return op_bad(c, "%d parts for %d outputs", split.n, c->n_out);
    int64_t left = total;
    for (int i = 0; i < split.n; i++) {
        if (split.at[i] < 0 || split.at[i] > left)
            return op_bad(c, "part %d is %" PRId64 " of %" PRId64, i, split.at[i], left);
        left -= split.at[i];
    }
    return left == 0 ? STATUS_OK : op_bad(c, "%" PRId64 " elements belong to no part", left);
}

status op_split(op_call *c) {
    const onnx_tensor *x = c->in[0];
    int axis;
    op_list split;
    status s = op_axis(c, onnx_int(c->node, "axis", 0), x->rank, &axis);
    if (s == STATUS_OK) s = op_ints(c, "split", 1, 13, &split);
    if (s == STATUS_OK) s = check_split(c, split, x->dims[axis]);
    if (s != STATUS_OK) return s;
    size_t outer = op_product(x->dims, 0, axis), inner = op_product(x->dims, axis + 1, x->rank), at = 0;
    for (int i = 0; i < c->n_out && s == STATUS_OK; i++) {
        int64_t dims[ONNX_MOST_RANK];
        memcpy(dims, x->dims, sizeof dims);
        dims[axis] = part_length(c, split, x->dims[axis], i);
        if (dims[axis] < 0) return op_bad(c, "%" PRId64 " in %d parts", x->dims[axis], c->n_out);
        onnx_tensor *out;
        s = op_new(c, i, x->type, x->rank, dims, &out);
        size_t run = (size_t)dims[axis] * inner;
        for (size_t o = 0; s == STATUS_OK && o < outer; o++)
            copy_run(out, o * run, x, o * (size_t)x->dims[axis] * inner + at, run);
        at += run;
    }
    return s;
}
