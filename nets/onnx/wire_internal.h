/* Between the protobuf messages, which protobuf_read.c and protobuf_write.c know, and the graph: what a file declares, by name. */
#ifndef NETS_ONNX_WIRE_INTERNAL_H
#define NETS_ONNX_WIRE_INTERNAL_H

#include <stdio.h>

#include "nets/onnx/graph.h"

/* AttributeProto.AttributeType. */
enum { WIRE_FLOAT = 1, WIRE_INT, WIRE_STRING, WIRE_TENSOR, WIRE_GRAPH, WIRE_FLOATS, WIRE_INTS };

/* A TensorProto seen from outside; points into the message. */
typedef struct wire_tensor {
    int type;
    size_t rank;
    const int64_t *dims;
    const uint8_t *raw; /* NULL: the numbers are in the fields below */
    size_t raw_size;
    size_t n_floats, n_int32s, n_int64s, n_doubles, n_uint64s;
    const float *floats;
    const int32_t *int32s;
    const int64_t *int64s;
    const double *doubles;
    const uint64_t *uint64s;
    bool external;
    const char *location, *offset, *length; /* NULL where not given */
} wire_tensor;

/* Where external data comes from and what was taken from it. */
typedef struct external_data {
    const char *folder; /* NULL: refused */
    sha256 *hash;       /* fed with every byte read */
    struct external_file *files;
    arena memory;
} external_data;

/* `size` bytes of the file that `t` names, in fresh memory (free()). All that is read of a file is never more than the file is long, so
 * that memory stays in proportion. */
MUST_CHECK status external_read(external_data *x, const wire_tensor *t, size_t size, uint8_t **out, err *e);

/* Checks and converts. */
MUST_CHECK status wire_tensor_read(const wire_tensor *t, external_data *x, arena *memory, onnx_tensor **out,
                                   err *e);

/* The numbers as raw data: those of the tensor itself or a copy in `memory`. NULL: out of memory. */
uint8_t *wire_tensor_raw(const onnx_tensor *t, arena *memory, size_t *size);

/* A node whose values are still names; "" is none. */
typedef struct wire_node {
    onnx_node node; /* without inputs and outputs, counts set */
    const char *const *inputs, *const *outputs;
} wire_node;

typedef struct wire_graph {
    int n_inputs, n_outputs, n_initials, n_nodes;
    onnx_value *inputs, *outputs, *initials; /* name, type and shape; initials: name and tensor */
    wire_node *nodes;
} wire_graph;

/* Reads a ModelProto into `out` (arrays in `scratch`) and the plain facts of *g; texts and tensors go to g->memory. */
MUST_CHECK status wire_read(const uint8_t *data, size_t size, external_data *x, arena *scratch, onnx_graph *g,
                            wire_graph *out, err *e);

/* Writes a ModelProto. A failing stream is left to whoever closes it. */
MUST_CHECK status wire_write(FILE *file, const onnx_graph *g, err *e);

/* Turns names into values: unique definitions, all inputs defined. Fills values, nodes, inputs and outputs of *g. */
MUST_CHECK status onnx_link(const wire_graph *w, onnx_graph *g, err *e);

/* Puts the nodes into an order in which every value is made before it is used; nodes that are in order stay. A cycle is
 * STATUS_BAD_FILE. */
MUST_CHECK status onnx_order(onnx_graph *g, err *e);

#endif
