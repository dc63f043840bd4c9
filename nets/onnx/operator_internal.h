/* What the operators of the reference evaluator share: one call, its checks, and memory and work that are counted. */
#ifndef NETS_ONNX_OPERATOR_INTERNAL_H
#define NETS_ONNX_OPERATOR_INTERNAL_H

#include "nets/onnx/evaluate.h"
#include "nets/onnx/tensor_internal.h"

/* One node being computed. A body reads in[], fills out[] (through op_new, or with a tensor that is there already) and reports what it
 * does not take with op_unsupported, what cannot be with op_bad. The driver has checked the number of inputs, that the needed ones are there, and
 * that every attribute is one of operators.def and of its kind. */
typedef struct op_call {
    const onnx_node *node;
    int64_t opset;
    int n_in, n_out;
    const onnx_tensor **in; /* NULL: left out */
    const onnx_tensor **out;
    arena *memory;
    onnx_limits *left;
    err *e;
} op_call;

typedef status (*op_body)(op_call *c);

#define OPERATOR(name, body, least, most, attributes) status body(op_call *c);
#include "nets/onnx/operators.def"
#undef OPERATOR

status op_bad(op_call *c, const char *format, ...) PRINTF_LIKE(2, 3);
status op_unsupported(op_call *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* Output `i`, zeros; counted against the limits. */
MUST_CHECK status op_new(op_call *c, int i, onnx_type type, int rank, const int64_t *dims, onnx_tensor **out);

/* Scratch memory, zeros, counted too. */
MUST_CHECK status op_scratch(op_call *c, size_t n, size_t size, void *out_pointer);

/* Before work of about a * b * c steps: STATUS_UNSUPPORTED when too much is left undone by it. */
MUST_CHECK status op_work(op_call *c, size_t a, size_t b, size_t d);

/* Input `i` is there and holds floats; holds integers, in any shape. */
MUST_CHECK status op_need_floats(op_call *c, int i);
MUST_CHECK status op_need_ints(op_call *c, int i);

/* Input i, or NULL when the node does not have it. */
const onnx_tensor *op_input(const op_call *c, int i);
bool op_wants(const op_call *c, int i); /* whether output i is used */

/* An axis of -rank..rank-1 as 0..rank-1. */
MUST_CHECK status op_axis(op_call *c, int64_t axis, int rank, int *out);

/* A list of integers: from input `input` when the node has it and opset >= since, else from the attribute. *n = -1: neither. */
typedef struct op_list {
    int n;
    const int64_t *at;
} op_list;
MUST_CHECK status op_ints(op_call *c, const char *attribute, int input, int64_t since, op_list *out);

/* Marks the axes of a list; all of them when it is absent (n < 0). Twice the same is bad. */
MUST_CHECK status op_axes(op_call *c, op_list axes, int rank, bool marked[ONNX_MOST_RANK]);

/* Products of dims[from..to). */
size_t op_product(const int64_t *dims, int from, int to);
void op_strides(int rank, const int64_t *dims, int64_t *strides); /* of a dense tensor, in elements */

/* The number of the element as a double, whatever the type; and back, saturating, NaN as 0, wrapped to the type's range. */
double op_number(const onnx_tensor *t, size_t i);
void op_set_number(onnx_tensor *t, size_t i, double value);
int64_t op_wrap(onnx_type type, int64_t value); /* as C's conversion to that type; bool: != 0 */
void op_copy_element(onnx_tensor *to, size_t i, const onnx_tensor *from,
                     size_t k); /* both of the same kind */

/* Output `i` with the elements of `t` in the same order and another shape. */
MUST_CHECK status op_copy_as(op_call *c, int i, const onnx_tensor *t, int rank, const int64_t *dims);

/* numpy's broadcasting of up to three tensors: the common shape, and where each of them stands for an element of it. */
typedef struct broadcast {
    int rank, n_tensors;
    int64_t dims[ONNX_MOST_RANK];
    size_t n;
    int64_t strides[3][ONNX_MOST_RANK]; /* 0 along dimensions that are repeated */
    int64_t index[ONNX_MOST_RANK];
    int64_t at[3];
} broadcast;
MUST_CHECK status op_broadcast(op_call *c, const onnx_tensor *const *tensors, int n, broadcast *out);
void broadcast_next(broadcast *b);

/* out[i0, i1, ...] = in[maps[0][i0], maps[1][i1], ...], or `fill` where one of them is -1. */
MUST_CHECK status op_take(op_call *c, const onnx_tensor *in, const int64_t *dims, int64_t *const *maps,
                          double fill);

/* Output 0 of shape dims[0..rank): its elements are those of `in` at the given strides. */
enum { OP_VIEW_RANK = 2 * ONNX_MOST_RANK };
MUST_CHECK status op_view(op_call *c, const onnx_tensor *in, int view_rank, const int64_t *view_dims,
                          const int64_t *view_strides, int rank, const int64_t *dims);

#endif
