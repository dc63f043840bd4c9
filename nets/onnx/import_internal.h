/* Importing: every value of the graph that depends on the image is carried by a node of the net that is being built. One function per
 * operator (nets/onnx/lowerings.def) looks at the carriers of its inputs, adds layers and sets the carriers of its outputs. */
#ifndef NETS_ONNX_IMPORT_INTERNAL_H
#define NETS_ONNX_IMPORT_INTERNAL_H

#include "nets/net_internal.h"
#include "nets/onnx/import.h"

/* Axes of a map, in PyTorch's order. */
enum { MAP_C, MAP_H, MAP_W, MAP_AXES };

/* Who carries a value. The value's numbers in their row-major order are those of the node's map, read with axes[0] slowest and axes[2] fastest:
 * {C, H, W} as a rule, {H, W, C} behind an NHWC input. So views (reshape, flatten, squeeze) cost nothing, and a transposition that is undone
 * leaves no layer. While `pixels`, the node is the image, and the value (x - mean) / std of it: normalisation that no layer does yet. */
typedef struct carrier {
    int node; /* -1: none */
    int axes[MAP_AXES];
    bool pixels;
    double mean[4], std[4];
} carrier;

/* A parameter's values in PyTorch's order, for when the net is finished. */
typedef struct import_values {
    int node, param;
    const float *values;
    size_t n;
    struct import_values *next;
} import_values;

typedef struct importer {
    const onnx_graph *g;
    const onnx_trace *trace;
    net_builder *b;
    carrier *carriers; /* by value */
    int *producer;     /* by value: the node that makes it, -1: none */
    int *readers;      /* by value: nodes that are needed and read it; the logits have one more */
    int *reader;       /* by value: one of them */
    bool *done;        /* by node: nothing left to do, another one took it along, or nobody needs it */
    int logits;        /* value */
    import_values *values;
    arena *memory;
    const onnx_node *at; /* the node being lowered */
    const char *name;    /* what its layers are called */
} importer;

typedef status lowering_function(importer *im, const onnx_node *n, err *e);
#define LOWERING(op, function, inputs) lowering_function function;
#include "nets/onnx/lowerings.def"
#undef LOWERING

typedef struct lowering_rule {
    const char *op;
    lowering_function *lower;
    bool any; /* any of its inputs may depend on the image; else only the first */
} lowering_rule;
const lowering_rule *lowering_find(const char *op); /* NULL: no such operator */

/* --- import_input.c: the image ------------------------------------------------------------------------------------------- */

/* What the graph's only input holds. */
typedef struct input_plan {
    shape image;
    onnx_type type;
    int rank;
    int64_t dims[ONNX_MOST_RANK];
    int axes[MAP_AXES]; /* order of the image's axes in it, as in a carrier */
} input_plan;
MUST_CHECK status input_plan_make(const onnx_graph *g, const preprocessing *p, input_plan *out, err *e);
/* An image (h, w, c, values in 0..1) as the input wants it; NULL: no memory. */
const onnx_tensor *input_plan_tensor(const input_plan *plan, const preprocessing *p, const float *image,
                                     arena *memory);
/* The input node, its channels put in the file's order, and what carries the graph's input. */
void input_plan_carry(const input_plan *plan, const preprocessing *p, importer *im);

/* --- import_lower.c ------------------------------------------------------------------------------------------------------ */

/* Finds the logits: the output, or what goes into the softmax that makes it. */
const onnx_node *import_find_logits(importer *im);
/* Lowers all nodes that the logits need. With `refused` (a text per node), a node that cannot be lowered gets its reason there and is passed
 * over; else it is the error. */
MUST_CHECK status import_lower(importer *im, const char **refused, err *e);

/* --- import_carrier.c: values and layers -------------------------------------------------------------------------------- */

/* STATUS_UNSUPPORTED: node, operator, opset, and why. */
status import_refuse(const importer *im, err *e, const char *format, ...) PRINTF_LIKE(3, 4);

/* Input i of a node, or NULL where it is left out; whether it is there and a constant. */
const onnx_tensor *import_tensor(const importer *im, const onnx_node *n, int i);
const onnx_tensor *import_constant(const importer *im, const onnx_node *n, int i);
bool import_depends(const importer *im, const onnx_node *n, int i);
const onnx_tensor *import_result(const importer *im, const onnx_node *n);
/* A list of integers that is an attribute in old opsets and an input in new ones; NULL: neither. */
const int64_t *import_integers(const importer *im, const onnx_node *n, const char *attribute, int input,
                               int *count);

/* The map that a tensor is to us: N x C x H x W of one image; what comes before rows and columns is channels, and what has no rows and columns is a
 * vector. */
shape import_shape(const onnx_tensor *t);
shape import_vector(const onnx_tensor *t); /* 1 x 1 x size */
int64_t import_before(const onnx_tensor *t,
                      int axis); /* product of the dimensions before an axis, and behind it */
int64_t import_behind(const onnx_tensor *t, int axis);
/* `axis` of a tensor of `rank`, negative ones from the end; -1 when it is out of range. */
int import_axis(int64_t axis, int rank);

shape import_node_shape(const importer *im, int node);
bool import_plain(const importer *im, const carrier *c); /* carried in C,H,W order */

/* The node that carries a value as a map of this shape in C,H,W order; layers are added where it takes some. */
int import_map(importer *im, int value, shape want);
/* The node that carries it in whatever order, pixels normalised. */
int import_any(importer *im, int value);

/* Adds a layer, named after the node being lowered. */
int import_add(importer *im, const char *op, const layer_config *config, int n_inputs, const int *inputs);
int import_add_one(importer *im, const char *op, const layer_config *config, int input);
/* Sets parameter `param` of a node to values in PyTorch's order; they must live as long as the importer. */
void import_param(importer *im, int node, int param, const float *values, size_t n);
/* Adds x * scale + shift, both per channel of the node. */
int import_affine(importer *im, int node, const float *scale, const float *shift);
float *import_floats(importer *im, size_t n,
                     float value); /* n times a value, to be written to; NULL: no memory */

/* Output 0 is what `node` gives, in C,H,W order; or in the order of input 0. */
void import_give(importer *im, const onnx_node *n, int node);
void import_give_alike(importer *im, const onnx_node *n, int node);

/* --- import_axis.c ------------------------------------------------------------------------------------------------------- */

/* The node that carries a value with `axis` as its channels, and its shape; and back from such a node to the order of `like`, which may differ
 * from the value in the length of the axis. */
int import_axis_front(importer *im, int value, int axis);
int import_axis_back(importer *im, int node, const onnx_tensor *like, int axis);
int import_slice(importer *im, int node, int start, int step, int count); /* of channels */

/* --- import.c ------------------------------------------------------------------------------------------------------------ */

typedef struct import_job {
    const preprocessing *p;
    importer im;
    input_plan plan;
    onnx_trace trace;
    arena memory;
    float *image;
    const onnx_node *softmax; /* left out; NULL: none */
} import_job;

/* Plans the input and evaluates the graph on an image of noise. */
MUST_CHECK status import_start(const onnx_graph *g, const preprocessing *p, import_job *job, err *e);
/* From the trace to a builder with all layers; `refused` as in import_lower. */
MUST_CHECK status import_graph(import_job *job, const char **refused, err *e);
void import_stop(import_job *job); /* also after a failure */

/* --- import_matrix.c ----------------------------------------------------------------------------------------------------- */

/* The constant that the only reader of output 0 adds per channel, where that is all it does; NULL: none. The reader is then done, and its output
 * is *value. */
const float *import_take_bias(importer *im, const onnx_node *n, int channels, int *value);
/* Names the layers being added after the tensor of a weight: "conv1" of "conv1.weight". */
void import_name_after(importer *im, const onnx_node *n, int input);

/* --- import_window.c ----------------------------------------------------------------------------------------------------- */

/* kernel_shape (or `kernel`, where not NULL), strides, dilations and padding of a window that slides over a map. */
MUST_CHECK status import_window(importer *im, const onnx_node *n, const int64_t *kernel, shape in,
                                layer_config *c, err *e);

#endif
