/* Facts of types that only the reader and the evaluator need. */
#ifndef NETS_ONNX_TENSOR_INTERNAL_H
#define NETS_ONNX_TENSOR_INTERNAL_H

#include "nets/onnx/graph.h"

/* The limits of an integer type as they are held: all of int64_t for uint64 too. */
void onnx_type_range(onnx_type t, int64_t *least, int64_t *largest);

#endif
