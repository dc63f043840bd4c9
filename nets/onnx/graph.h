/* An ONNX file as data: typed tensors, nodes in topological order, values by index. Nothing here knows our nets. */
#ifndef NETS_ONNX_GRAPH_H
#define NETS_ONNX_GRAPH_H

#include "core/arena.h"
#include "core/bytes.h"
#include "core/sha256.h"
#include "core/status.h"

enum { ONNX_MOST_RANK = 8 };

/* TensorProto.DataType, the ones we read. */
typedef enum onnx_type {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_UINT16 = 4,
    ONNX_INT16 = 5,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_BOOL = 9,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
    ONNX_UINT32 = 12,
    ONNX_UINT64 = 13,
    ONNX_BFLOAT16 = 16
} onnx_type;

bool onnx_type_is_float(onnx_type t);
bool onnx_type_known(int t);       /* whether it is one of the above */
const char *onnx_type_name(int t); /* "float", "int64", ...; for the other types of the specification too */

/* Values of floating types are held as float, all others as int64_t (booleans 0 and 1, uint64 modulo 2^64); `type` says what they were.
 * Row-major. */
typedef struct onnx_tensor {
    onnx_type type;
    int rank;
    int64_t dims[ONNX_MOST_RANK];
    size_t n; /* product of dims, 1 for a scalar */
    float *floats;
    int64_t *ints;
} onnx_tensor;

typedef enum onnx_attribute_kind {
    ONNX_ATTRIBUTE_FLOAT,
    ONNX_ATTRIBUTE_INT,
    ONNX_ATTRIBUTE_STRING,
    ONNX_ATTRIBUTE_TENSOR,
    ONNX_ATTRIBUTE_FLOATS,
    ONNX_ATTRIBUTE_INTS,
    ONNX_ATTRIBUTE_OTHER /* graphs, strings, ...: known to be there, not read */
} onnx_attribute_kind;

typedef struct onnx_attribute {
    const char *name;
    onnx_attribute_kind kind;
    float f;
    int64_t i;
    const char *s;
    const onnx_tensor *t;
    int n; /* of floats or ints */
    const float *floats;
    const int64_t *ints;
} onnx_attribute;

typedef struct onnx_node {
    const char *name; /* or, where it has none, its first output */
    const char *op, *domain;
    int n_inputs, n_outputs;
    const int *inputs;  /* values; -1: an optional one left out */
    const int *outputs; /* values; -1: not wanted */
    int n_attributes;
    const onnx_attribute *attributes;
} onnx_node;

typedef struct onnx_value {
    const char *name;
    const onnx_tensor *initial;   /* an initialiser, or NULL */
    bool is_input, is_output;     /* of the graph; initialisers that are listed as inputs are not inputs */
    onnx_type type;               /* of inputs and outputs, where declared; else 0 */
    int rank;                     /* of inputs and outputs, where declared; else -1 */
    int64_t dims[ONNX_MOST_RANK]; /* -1: symbolic or unknown */
} onnx_value;

typedef struct onnx_graph {
    int64_t ir_version, opset; /* opset of the default domain */
    const char *producer, *name;
    int n_nodes, n_values, n_inputs, n_outputs;
    onnx_node *nodes;
    onnx_value *values;
    int *inputs, *outputs; /* values */
    char sha256[SHA256_HEX];
    arena memory;
} onnx_graph;

/* Reads and checks: protobuf limits, types, sizes (initialisers at most as large as the file and its external data say), unique
 * definitions, every input defined, no cycles; nodes are put in order. External data: one plain file name beside the model, no links,
 * bounds checked. Operators are not looked at. `folder` is where external data may lie, or NULL for none. Takes over `file`, also on failure.
 * sha256 is of the file followed by the external bytes in the order of their tensors. */
MUST_CHECK status onnx_parse(bytes file, const char *folder, onnx_graph *out, err *e);
MUST_CHECK status onnx_read(const char *path, onnx_graph *out, err *e);
void onnx_graph_free(onnx_graph *g);

/* Whether a file that starts with these bytes looks like an ONNX model (a ModelProto), and not like one of our other formats. */
bool onnx_looks_like(const unsigned char *first, size_t n);

/* Attribute of a node by name, NULL when it has none; and with a fallback where it is missing. */
const onnx_attribute *onnx_attribute_find(const onnx_node *n, const char *name);
int64_t onnx_int(const onnx_node *n, const char *name, int64_t fallback);
float onnx_float(const onnx_node *n, const char *name, float fallback);
const char *onnx_string(const onnx_node *n, const char *name, const char *fallback);

/* The number of elements of a shape: false when a dimension is negative, the rank above ONNX_MOST_RANK, or the product (zeros counted as ones)
 * above 2^31 - 1, so that products of any of the dimensions fit an int64_t too. */
bool onnx_count(int rank, const int64_t *dims, size_t *n);

/* A tensor of this type and shape in `memory`, zeros; NULL when memory is out or the shape is one that onnx_count refuses. */
onnx_tensor *onnx_tensor_new(arena *memory, onnx_type type, int rank, const int64_t *dims);

/* Reads one serialised TensorProto, as in the test data that comes with ONNX. No external data. */
MUST_CHECK status onnx_tensor_parse(const void *data, size_t size, arena *memory, const onnx_tensor **out,
                                    err *e);

/* Writes a model file atomically; the graph's tensors, nodes and values may live anywhere, ir_version and opset are those of the graph
 * (7 and 13 are understood everywhere). Symbolic dimensions get names: "N" in front, else after the value and axis. STATUS_UNSUPPORTED when a
 * node has an attribute of kind OTHER. Reading it gives the same graph, but for the hash. */
MUST_CHECK status onnx_write(const char *path, const onnx_graph *g, err *e);

#endif
