#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

static status fail(op_call *c, status s, const char *format, va_list arguments) {
    char text[sizeof c->e->message];
    vsnprintf(text, sizeof text, format, arguments);
    return err_set(c->e, s, "%s", text);
}

status op_bad(op_call *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    status s = fail(c, STATUS_BAD_FILE, format, arguments);
    va_end(arguments);
    return s;
}

status op_unsupported(op_call *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    status s = fail(c, STATUS_UNSUPPORTED, format, arguments);
    va_end(arguments);
    return s;
}

static status take_bytes(op_call *c, size_t n, size_t size) {
    size_t total;
    if (!size_multiply(n, size, &total) || total > c->left->bytes)
        return op_unsupported(c, "needs more memory than a run may take");
    c->left->bytes -= total;
    return op_work(c, n, 1, 1);
}

status op_new(op_call *c, int i, onnx_type type, int rank, const int64_t *dims, onnx_tensor **out) {
    *out = NULL;
    size_t n;
    if (!onnx_count(rank, dims, &n)) return op_bad(c, "a result of impossible shape");
    status s = take_bytes(c, n, onnx_type_is_float(type) ? sizeof(float) : sizeof(int64_t));
    if (s != STATUS_OK) return s;
    *out = onnx_tensor_new(c->memory, type, rank, dims);
    c->out[i] = *out;
    return *out ? STATUS_OK : err_set(c->e, STATUS_NO_MEMORY, "out of memory for %zu elements", n);
}

status op_scratch(op_call *c, size_t n, size_t size, void *out_pointer) {
    void **out = out_pointer;
    *out = NULL;
    status s = take_bytes(c, n, size);
    if (s != STATUS_OK) return s;
    *out = arena_array(c->memory, n, size);
    return *out ? STATUS_OK : err_set(c->e, STATUS_NO_MEMORY, "out of memory");
}

status op_work(op_call *c, size_t a, size_t b, size_t d) {
    size_t work;
    if (!size_multiply(a, b, &work) || !size_multiply(work, d, &work) || work > c->left->work)
        return op_unsupported(c, "needs more work than a run may take");
    c->left->work -= work;
    return STATUS_OK;
}

const onnx_tensor *op_input(const op_call *c, int i) {
    return i < c->n_in ? c->in[i] : NULL;
}

bool op_wants(const op_call *c, int i) {
    return i < c->node->n_outputs && c->node->outputs[i] >= 0;
}

static status need(op_call *c, int i, bool floats) {
    const onnx_tensor *t = op_input(c, i);
    if (!t) return op_bad(c, "input %d is missing", i);
    if ((t->floats != NULL) == floats) return STATUS_OK;
    return op_unsupported(c, "input %d is of type %s, expected %s", i, onnx_type_name((int)t->type),
                          floats ? "float" : "integers");
}

status op_need_floats(op_call *c, int i) {
    return need(c, i, true);
}

status op_need_ints(op_call *c, int i) {
    return need(c, i, false);
}

status op_axis(op_call *c, int64_t axis, int rank, int *out) {
    *out = 0;
    if (axis < -rank || axis >= rank)
        return op_bad(c, "axis %" PRId64 " of a tensor of %d dimensions", axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return STATUS_OK;
}

status op_ints(op_call *c, const char *attribute, int input, int64_t since, op_list *out) {
    *out = (op_list){-1, NULL};
    const onnx_attribute *a = onnx_attribute_find(c->node, attribute);
    const onnx_tensor *t = op_input(c, input);
    if (a && (!t || c->opset < since)) *out = (op_list){a->n, a->ints};
    if (!t || c->opset < since) return STATUS_OK;
    status s = op_need_ints(c, input);
    if (s != STATUS_OK) return s;
    if (t->rank > 1) return op_bad(c, "input %d has %d dimensions, expected a list", input, t->rank);
    *out = (op_list){(int)t->n, t->ints};
    return STATUS_OK;
}

status op_axes(op_call *c, op_list axes, int rank, bool marked[ONNX_MOST_RANK]) {
    for (int i = 0; i < ONNX_MOST_RANK; i++)
        marked[i] = axes.n < 0 && i < rank;
    for (int i = 0; i < axes.n; i++) {
        int axis;
        status s = op_axis(c, axes.at[i], rank, &axis);
        if (s != STATUS_OK) return s;
        if (marked[axis]) return op_bad(c, "axis %d is given twice", axis);
        marked[axis] = true;
    }
    return STATUS_OK;
}

size_t op_product(const int64_t *dims, int from, int to) {
    size_t n = 1;
    for (int i = from; i < to; i++)
        n *= (size_t)dims[i];
    return n;
}

void op_strides(int rank, const int64_t *dims, int64_t *strides) {
    int64_t n = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = n;
        n *= dims[i];
    }
}

double op_number(const onnx_tensor *t, size_t i) {
    return t->floats ? (double)t->floats[i] : (double)t->ints[i];
}

static int64_t int_of_double(double value) {
    if (isnan(value)) return 0;
    return value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int64_t op_wrap(onnx_type type, int64_t value) {
    int64_t least, largest;
    onnx_type_range(type, &least, &largest);
    if (type == ONNX_BOOL) return value != 0;
    if (least == INT64_MIN) return value;
    uint64_t span = (uint64_t)(largest - least) + 1; /* a power of two */
    return least + (int64_t)(((uint64_t)value - (uint64_t)least) & (span - 1));
}

void op_set_number(onnx_tensor *t, size_t i, double value) {
    if (t->floats)
        t->floats[i] = (float)value;
    else
        t->ints[i] = t->type == ONNX_BOOL ? value != 0 : op_wrap(t->type, int_of_double(value));
}

void op_copy_element(onnx_tensor *to, size_t i, const onnx_tensor *from, size_t k) {
    if (to->floats)
        to->floats[i] = from->floats[k];
    else
        to->ints[i] = from->ints[k];
}

status op_copy_as(op_call *c, int i, const onnx_tensor *t, int rank, const int64_t *dims) {
    size_t n;
    if (!onnx_count(rank, dims, &n) || n != t->n)
        return op_bad(c, "%zu elements do not fit the shape that is asked for", t->n);
    onnx_tensor *out;
    status s = op_new(c, i, t->type, rank, dims, &out);
    if (s != STATUS_OK || n == 0) return s;
    if (t->floats)
        memcpy(out->floats, t->floats, n * sizeof *t->floats);
    else
        memcpy(out->ints, t->ints, n * sizeof *t->ints);
    return STATUS_OK;
}
