/* The same elements in another shape. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

/* 0 takes the input's dimension (unless allowzero), one -1 takes what is left. */
static status resolve_shape(op_call *c, op_list wanted, int64_t *dims) {
    const onnx_tensor *x = c->in[0];
    bool keep_zero = onnx_int(c->node, "allowzero", 0) != 0;
    int open = -1;
    for (int i = 0; i < wanted.n; i++) {
        dims[i] = wanted.at[i];
        if (dims[i] == -1 && open >= 0) return op_bad(c, "a shape with two unknown dimensions");
        if (dims[i] == -1) open = i;
        if (dims[i] == 0 && !keep_zero && i >= x->rank)
            return op_bad(c, "a shape that copies dimension %d", i);
        if (dims[i] == 0 && !keep_zero) dims[i] = x->dims[i];
    }
    if (open < 0) return STATUS_OK;
    dims[open] = 1;
    size_t rest;
    if (!onnx_count(wanted.n, dims, &rest) || rest == 0 || x->n % rest != 0)
        return op_bad(c, "%zu elements do not fit the shape that is asked for", x->n);
    dims[open] = (int64_t)(x->n / rest);
    return STATUS_OK;
}

status op_reshape(op_call *c) {
    op_list wanted;
    status s = op_ints(c, "shape", 1, 5, &wanted);
    if (s != STATUS_OK) return s;
    if (wanted.n < 0) return op_bad(c, "no shape is given");
    if (wanted.n > ONNX_MOST_RANK) return op_unsupported(c, "%d dimensions", wanted.n);
    int64_t dims[ONNX_MOST_RANK];
    s = resolve_shape(c, wanted, dims);
    return s == STATUS_OK ? op_copy_as(c, 0, c->in[0], wanted.n, dims) : s;
}

status op_flatten(op_call *c) {
    const onnx_tensor *x = c->in[0];
    int64_t axis = onnx_int(c->node, "axis", 1);
    if (axis < -x->rank || axis > x->rank)
        return op_bad(c, "axis %" PRId64 " of %d dimensions", axis, x->rank);
    int at = (int)(axis < 0 ? axis + x->rank : axis);
    int64_t dims[2] = {(int64_t)op_product(x->dims, 0, at), (int64_t)op_product(x->dims, at, x->rank)};
    return op_copy_as(c, 0, x, 2, dims);
}

status op_squeeze(op_call *c) {
    const onnx_tensor *x = c->in[0];
    op_list axes;
    bool marked[ONNX_MOST_RANK];
    status s = op_ints(c, "axes", 1, 13, &axes);
    if (s == STATUS_OK) s = op_axes(c, axes, x->rank, marked);
    if (s != STATUS_OK) return s;
    int64_t dims[ONNX_MOST_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if (marked[i] && x->dims[i] == 1) continue;
        if (marked[i] && axes.n >= 0) return op_bad(c, "axis %d is %" PRId64 ", expected 1", i, x->dims[i]);
        dims[rank++] = x->dims[i];
    }
    return op_copy_as(c, 0, x, rank, dims);
}

status op_unsqueeze(op_call *c) {
    const onnx_tensor *x = c->in[0];
    op_list axes;
    bool marked[ONNX_MOST_RANK];
    status s = op_ints(c, "axes", 1, 13, &axes);
    if (s != STATUS_OK) return s;
    if (axes.n < 0) return op_bad(c, "no axes are given");
    if (axes.n > ONNX_MOST_RANK - x->rank)
        return op_unsupported(c, "more than %d dimensions", ONNX_MOST_RANK);
    int rank = x->rank + axes.n, from = 0;
    s = op_axes(c, axes, rank, marked);
    if (s != STATUS_OK) return s;
    int64_t dims[ONNX_MOST_RANK];
    for (int i = 0; i < rank; i++)
        dims[i] = marked[i] ? 1 : x->dims[from++];
    return op_copy_as(c, 0, x, rank, dims);
}

status op_identity(op_call *c) {
    c->out[0] = c->in[0];
    return STATUS_OK;
}

/* As in inference: the identity. Since opset 12 an input may ask for training. */
status op_dropout(op_call *c) {
    const onnx_tensor *x = c->in[0], *ratio = op_input(c, 1), *training = op_input(c, 2);
    bool asked = training && c->opset >= 12 && training->n == 1 && op_number(training, 0) != 0;
    if (asked && (!ratio || ratio->n != 1 || op_number(ratio, 0) != 0))
        return op_unsupported(c, "dropout in training");
    c->out[0] = x;
    if (!op_wants(c, 1)) return STATUS_OK;
    onnx_tensor *mask;
    status s = op_new(c, 1, c->opset >= 10 ? ONNX_BOOL : x->type, x->rank, x->dims, &mask);
    for (size_t i = 0; s == STATUS_OK && i < mask->n; i++)
        op_set_number(mask, i, 1);
    return s;
}
