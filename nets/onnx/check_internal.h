/* Nets against graphs: what is read or written must give the same logits in the reference evaluator. */
#ifndef NETS_ONNX_CHECK_INTERNAL_H
#define NETS_ONNX_CHECK_INTERNAL_H

#include "nets/net.h"
#include "nets/onnx/evaluate.h"

/* An image of noise, every pixel in [0, 1): each counts, and no two are alike. NULL: no memory. */
float *onnx_check_image(shape s, arena *memory);

/* STATUS_UNSUPPORTED when the net's logits of the image differ from `expected`. */
MUST_CHECK status onnx_check_logits(const net *n, const weights *w, const float *image,
                                    const onnx_tensor *expected, err *e);

/* Evaluates a graph that was made of the net, and compares. */
MUST_CHECK status onnx_check_export(const onnx_graph *g, const net *n, const weights *w, err *e);

#endif
