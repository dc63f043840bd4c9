/* The reference evaluator: plain N-dimensional float arithmetic of every operator that we know, one node after the other. It folds constants,
 * gives every value its shape, and is what imported nets are checked against. Not fast. */
#ifndef NETS_ONNX_EVALUATE_H
#define NETS_ONNX_EVALUATE_H

#include "nets/onnx/graph.h"

/* All values of one run, by value index. `depends`: whether a value depends on what the graph's inputs hold (a Shape of an input does not);
 * those that do not are constants. */
typedef struct onnx_trace {
    const onnx_tensor **values; /* NULL: not computed */
    bool *depends;
    arena memory;
} onnx_trace;

/* Runs the graph on `inputs` (g->n_inputs tensors, in order). STATUS_UNSUPPORTED names the node, its operator, the opset and lists the supported
 * operators; also for types that an operator does not take here. Work and memory are bounded. */
MUST_CHECK status onnx_evaluate(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_trace *out, err *e);
void onnx_trace_free(onnx_trace *t);

/* The names of all supported operators, for messages and `audit inspect`; NULL past the end. */
const char *onnx_operator_at(int i);
bool onnx_operator_known(const char *op);

#endif
