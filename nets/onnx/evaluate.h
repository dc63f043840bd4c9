/* The reference evaluator: plain N-dimensional arithmetic of every operator that we know, one node after the other. It folds constants,
 * gives every value its shape, and is what imported nets are checked against. Not fast. */
#ifndef NETS_ONNX_EVALUATE_H
#define NETS_ONNX_EVALUATE_H

#include "nets/onnx/graph.h"

/* The operator sets whose meaning is known. */
enum { ONNX_FIRST_OPSET = 1, ONNX_LAST_OPSET = 20 };

/* All values of one run, by value index. `depends`: whether a value depends on what the graph's inputs hold (a Shape of an input does not);
 * those that do not are constants. Initialisers and inputs are among them, in the memory of the graph and the caller. */
typedef struct onnx_trace {
    const onnx_tensor **values; /* NULL: not computed */
    bool *depends;
    arena memory;
} onnx_trace;

/* What one run may take. */
typedef struct onnx_limits {
    uint64_t work;  /* multiply-adds or element moves */
    uint64_t bytes; /* of all values together */
} onnx_limits;
onnx_limits onnx_limits_default(void); /* 2^36, a minute or two; 4 GiB */

/* Runs the graph on `inputs` (g->n_inputs tensors, in order), which must be of the declared types and shapes where the graph declares them.
 * STATUS_UNSUPPORTED names the node, its operator and the opset: for operators that are not known (found before anything is computed),
 * for types or attributes that an operator does not take here, and for runs beyond the limits. STATUS_BAD_FILE: shapes or indices that do not
 * fit. */
MUST_CHECK status onnx_evaluate(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_trace *out,
                                err *e);
MUST_CHECK status onnx_evaluate_within(const onnx_graph *g, const onnx_tensor *const *inputs,
                                       onnx_limits limits, onnx_trace *out, err *e);
void onnx_trace_free(onnx_trace *t);

/* The names of all supported operators, in alphabetical order, for messages and `audit inspect`; NULL past the end. */
const char *onnx_operator_at(int i);
bool onnx_operator_known(const char *op);

#endif
