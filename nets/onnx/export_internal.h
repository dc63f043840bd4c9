/* Exporting: every node of the net becomes one or a few ONNX nodes. A value is N x C x H x W (rank 4), or N x C behind a flatten or a linear layer
 * (rank 2); a layer asks for the rank that its operator takes. */
#ifndef NETS_ONNX_EXPORT_INTERNAL_H
#define NETS_ONNX_EXPORT_INTERNAL_H

#include "nets/net_internal.h"
#include "nets/onnx/graph.h"

/* How a node's output is to be had. */
typedef struct exported {
    int value, rank;
} exported;

typedef struct exporter {
    const net *net;
    const weights *w;
    onnx_graph *g;
    exported *nodes; /* by node of the net */
    int at;          /* the node being exported */
    int parts;       /* names given to values of that node */
    int most_nodes, most_values;
    bool failed; /* memory or room ran out */
} exporter;

/* Adds the ONNX nodes of a net's node and says how its output is to be had. */
typedef exported export_function(exporter *x, const net_node *node);
export_function *export_find(const char *name); /* NULL: the layer cannot be exported */

/* --- export_moves.c ------------------------------------------------------------------------------------------------------ */

export_function export_add, export_mul, export_concat, export_flatten, export_same, export_pad, export_slice,
    export_permute, export_resize, export_pick;

/* --- export_graph.c ------------------------------------------------------------------------------------------------------ */

MUST_CHECK status export_begin(exporter *x, const net *n, const weights *w, onnx_graph *g, err *e);

/* Input i of the node with that rank, reshaped where it takes that. */
int export_input(exporter *x, const net_node *node, int i, int rank);
int export_rank(const exporter *x, const net_node *node, int i);

/* Constants. Parameter i of the node in PyTorch's layout and under its name, or seen with other dimensions. */
int export_floats(exporter *x, int rank, const int64_t *dims, const float *values);
int export_number(exporter *x, float value);
int export_ints(exporter *x, int n, const int64_t *values);
int export_param(exporter *x, const net_node *node, int i);
int export_param_as(exporter *x, const net_node *node, int i, int rank, const int64_t *dims);
/* `values` per channel, so that they broadcast over a value of this rank. */
int export_channels(exporter *x, int rank, int channels, const float *values);

onnx_attribute export_int(const char *name, int64_t value);
onnx_attribute export_real(const char *name, float value);
onnx_attribute export_text(const char *name, const char *value);
onnx_attribute export_list(exporter *x, const char *name, int n, const int64_t *values);

/* Adds a node; values below 0 are inputs left out. Returns its output. */
int export_op(exporter *x, const char *op, int n_inputs, const int *inputs, int n_attributes,
              const onnx_attribute *attributes);
int export_op1(exporter *x, const char *op, int input);
int export_op2(exporter *x, const char *op, int a, int b);

#endif
