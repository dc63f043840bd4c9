/* Values out of nothing, out of shapes, and from one type to another. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/half.h"
#include "nets/onnx/operator_internal.h"

static status constant_number(op_call *c, const onnx_attribute *a) {
    bool list = a->kind == ONNX_ATTRIBUTE_FLOATS || a->kind == ONNX_ATTRIBUTE_INTS;
    bool floats = a->kind == ONNX_ATTRIBUTE_FLOATS || a->kind == ONNX_ATTRIBUTE_FLOAT;
    onnx_tensor *out;
    status s = op_new(c, 0, floats ? ONNX_FLOAT : ONNX_INT64, list, (int64_t[]){a->n}, &out);
    for (size_t i = 0; s == STATUS_OK && i < out->n; i++)
        if (floats)
            out->floats[i] = list ? a->floats[i] : a->f;
        else
            out->ints[i] = list ? a->ints[i] : a->i;
    return s;
}

status op_constant(op_call *c) {
    if (c->node->n_attributes != 1) return op_bad(c, "%d values, expected one", c->node->n_attributes);
    const onnx_attribute *a = &c->node->attributes[0];
    if (a->kind != ONNX_ATTRIBUTE_TENSOR) return constant_number(c, a);
    c->out[0] = a->t;
    return STATUS_OK;
}

status op_constant_of_shape(op_call *c) {
    op_list shape;
    status s = op_ints(c, "shape", 0, 1, &shape);
    if (s != STATUS_OK) return s;
    const onnx_attribute *value = onnx_attribute_find(c->node, "value");
    if (value && value->t->n != 1) return op_bad(c, "a value of %zu elements, expected one", value->t->n);
    onnx_tensor *out;
    s = op_new(c, 0, value ? value->t->type : ONNX_FLOAT, shape.n, shape.at, &out);
    for (size_t i = 0; s == STATUS_OK && value && i < out->n; i++)
        op_copy_element(out, i, value->t, 0);
    return s;
}

/* A bound of Shape: negative ones count from behind, all are cut to 0..rank. */
static int shape_bound(int64_t bound, int rank) {
    if (bound < 0) bound = bound < -rank ? 0 : bound + rank;
    return bound > rank ? rank : (int)bound;
}

status op_shape(op_call *c) {
    const onnx_tensor *x = c->in[0];
    int start = shape_bound(onnx_int(c->node, "start", 0), x->rank);
    int end = shape_bound(onnx_int(c->node, "end", x->rank), x->rank);
    onnx_tensor *out;
    status s = op_new(c, 0, ONNX_INT64, 1, (int64_t[]){end > start ? end - start : 0}, &out);
    for (size_t i = 0; s == STATUS_OK && i < out->n; i++)
        out->ints[i] = x->dims[start + (int)i];
    return s;
}

status op_size(op_call *c) {
    onnx_tensor *out;
    status s = op_new(c, 0, ONNX_INT64, 0, NULL, &out);
    if (s == STATUS_OK) out->ints[0] = (int64_t)c->in[0]->n;
    return s;
}

status op_range(op_call *c) {
    for (int i = 0; i < 3; i++)
        if (c->in[i]->n != 1 || c->in[i]->type != c->in[0]->type)
            return op_bad(c, "input %d is not one number of the type", i);
    double start = op_number(c->in[0], 0), step = op_number(c->in[2], 0);
    double n = ceil((op_number(c->in[1], 0) - start) / step);
    if (!(fabs(n) <= INT32_MAX)) return op_bad(c, "a range without end");
    onnx_tensor *out;
    status s = op_new(c, 0, c->in[0]->type, 1, (int64_t[]){n > 0 ? (int64_t)n : 0}, &out);
    for (size_t i = 0; s == STATUS_OK && i < out->n; i++)
        op_set_number(out, i, start + (double)i * step);
    return s;
}

/* To the nearest number that the type has; integers are cut towards zero. */
static void cast_element(const onnx_tensor *x, size_t i, onnx_tensor *out) {
    if (x->ints && out->ints) {
        out->ints[i] = op_wrap(out->type, x->ints[i]);
        return;
    }
    double value = op_number(x, i);
    if (x->type == ONNX_UINT64 && value < 0) value += 0x1p64; /* held modulo 2^64 */
    op_set_number(out, i, value);
    if (out->type == ONNX_FLOAT16) out->floats[i] = float_of_half(half_of_float(out->floats[i]));
    if (out->type == ONNX_BFLOAT16) out->floats[i] = float_of_bfloat16(bfloat16_of_float(out->floats[i]));
}

static status cast_to(op_call *c, int64_t type) {
    const onnx_tensor *x = c->in[0];
    if (type < 0 || type > INT32_MAX || !onnx_type_known((int)type))
        return op_unsupported(c, "a cast to type %" PRId64, type);
    onnx_tensor *out;
    status s = op_new(c, 0, (onnx_type)type, x->rank, x->dims, &out);
    for (size_t i = 0; s == STATUS_OK && i < x->n; i++)
        cast_element(x, i, out);
    return s;
}

/* Before opset 6 the type was a text. */
status op_cast(op_call *c) {
    return cast_to(c, onnx_int(c->node, "to", 0));
}

status op_cast_like(op_call *c) {
    return cast_to(c, (int64_t)c->in[1]->type);
}
