/* Building an ONNX graph. */
#include <stdarg.h>
#include <string.h>

#include "nets/model_file_internal.h"
#include "nets/onnx/export_internal.h"

/* Room per node of the net: none becomes more ONNX nodes or values. */
enum { MOST_NODES_EACH = 12, MOST_VALUES_EACH = 32 };

static int add_value(exporter *x, const char *name) {
    onnx_graph *g = x->g;
    if (!name || g->n_values == x->most_values) {
        x->failed = true;
        return 0;
    }
    g->values[g->n_values] = (onnx_value){.name = name, .rank = -1};
    return g->n_values++;
}

/* ':' is in no node's name, so these are taken by nothing else. */
static const char *part_name(exporter *x) {
    return arena_printf(&x->g->memory, "%s:%d", x->net->nodes[x->at].name, x->parts++);
}

status export_begin(exporter *x, const net *n, const weights *w, onnx_graph *g, err *e) {
    arena *memory = &g->memory;
    *x = (exporter){.net = n,
                    .w = w,
                    .g = g,
                    .most_nodes = MOST_NODES_EACH * n->n_nodes,
                    .most_values = MOST_VALUES_EACH * n->n_nodes};
    x->nodes = arena_array(memory, (size_t)n->n_nodes, sizeof *x->nodes);
    g->nodes = arena_array(memory, (size_t)x->most_nodes, sizeof *g->nodes);
    g->values = arena_array(memory, (size_t)x->most_values, sizeof *g->values);
    g->inputs = arena_array(memory, 1, sizeof *g->inputs);
    g->outputs = arena_array(memory, 1, sizeof *g->outputs);
    if (!x->nodes || !g->nodes || !g->values || !g->inputs || !g->outputs)
        return err_set(e, STATUS_NO_MEMORY, "no memory for a graph");
    int input = add_value(x, "input");
    onnx_value *v = &g->values[input];
    v->is_input = true;
    v->type = ONNX_FLOAT;
    v->rank = 4;
    memcpy(v->dims, (const int64_t[]){-1, n->input.c, n->input.h, n->input.w}, 4 * sizeof *v->dims);
    g->inputs[g->n_inputs++] = input;
    x->nodes[0] = (exported){input, 4};
    return STATUS_OK;
}

/* --- constants ----------------------------------------------------------------------------------------------------------- */

static int add_constant(exporter *x, const char *name, const onnx_tensor *t) {
    int value = add_value(x, name);
    if (!t) x->failed = true;
    if (!x->failed) x->g->values[value].initial = t;
    return value;
}

static int floats_named(exporter *x, const char *name, int rank, const int64_t *dims, const float *values) {
    onnx_tensor *t = onnx_tensor_new(&x->g->memory, ONNX_FLOAT, rank, dims);
    if (t) memcpy(t->floats, values, t->n * sizeof *values);
    return add_constant(x, name, t);
}

int export_floats(exporter *x, int rank, const int64_t *dims, const float *values) {
    return floats_named(x, part_name(x), rank, dims, values);
}

int export_number(exporter *x, float value) {
    return export_floats(x, 0, NULL, &value);
}

int export_ints(exporter *x, int n, const int64_t *values) {
    const int64_t dims[] = {n};
    onnx_tensor *t = onnx_tensor_new(&x->g->memory, ONNX_INT64, 1, dims);
    if (t) memcpy(t->ints, values, (size_t)n * sizeof *values);
    return add_constant(x, part_name(x), t);
}

int export_param_as(exporter *x, const net_node *node, int i, int rank, const int64_t *dims) {
    const net_param *p = &x->net->params[node->params[i]];
    float *values = arena_array(&x->g->memory, p->size, sizeof *values);
    if (!values) {
        x->failed = true;
        return 0;
    }
    param_to_pytorch(x->net, p, x->w->data + p->offset, values);
    return floats_named(x, p->name, rank, dims, values);
}

int export_param(exporter *x, const net_node *node, int i) {
    int64_t dims[PARAM_MOST_RANK];
    int rank = param_pytorch_dims(&x->net->params[node->params[i]], dims);
    return export_param_as(x, node, i, rank, dims);
}

int export_channels(exporter *x, int rank, int channels, const float *values) {
    const int64_t dims[] = {1, channels, 1, 1};
    return export_floats(x, rank, dims, values);
}

/* --- nodes --------------------------------------------------------------------------------------------------------------- */

onnx_attribute export_int(const char *name, int64_t value) {
    return (onnx_attribute){.name = name, .kind = ONNX_ATTRIBUTE_INT, .i = value};
}

onnx_attribute export_real(const char *name, float value) {
    return (onnx_attribute){.name = name, .kind = ONNX_ATTRIBUTE_FLOAT, .f = value};
}

onnx_attribute export_text(const char *name, const char *value) {
    return (onnx_attribute){.name = name, .kind = ONNX_ATTRIBUTE_STRING, .s = value};
}

onnx_attribute export_list(exporter *x, const char *name, int n, const int64_t *values) {
    int64_t *copy = arena_array(&x->g->memory, (size_t)n, sizeof *copy);
    if (copy)
        memcpy(copy, values, (size_t)n * sizeof *values);
    else
        x->failed = true;
    return (onnx_attribute){.name = name, .kind = ONNX_ATTRIBUTE_INTS, .n = copy ? n : 0, .ints = copy};
}

/* A copy in the graph's memory. */
static void *keep(exporter *x, const void *from, size_t n, size_t size) {
    void *copy = arena_array(&x->g->memory, n, size);
    if (copy && n) memcpy(copy, from, n * size);
    x->failed |= !copy;
    return copy;
}

int export_op(exporter *x, const char *op, int n_inputs, const int *inputs, int n_attributes,
              const onnx_attribute *attributes) {
    onnx_graph *g = x->g;
    int output = add_value(x, part_name(x));
    onnx_node n = {.name = x->failed ? "" : g->values[output].name,
                   .op = op,
                   .domain = "",
                   .n_inputs = n_inputs,
                   .n_outputs = 1,
                   .inputs = keep(x, inputs, (size_t)n_inputs, sizeof *inputs),
                   .outputs = keep(x, &output, 1, sizeof output),
                   .n_attributes = n_attributes,
                   .attributes = keep(x, attributes, (size_t)n_attributes, sizeof *attributes)};
    x->failed |= g->n_nodes == x->most_nodes;
    if (!x->failed) g->nodes[g->n_nodes++] = n;
    return output;
}

int export_op1(exporter *x, const char *op, int input) {
    return export_op(x, op, 1, &input, 0, NULL);
}

int export_op2(exporter *x, const char *op, int a, int b) {
    return export_op(x, op, 2, (const int[]){a, b}, 0, NULL);
}

int export_rank(const exporter *x, const net_node *node, int i) {
    return x->nodes[node->inputs[i]].rank;
}

int export_input(exporter *x, const net_node *node, int i, int rank) {
    exported from = x->nodes[node->inputs[i]];
    if (from.rank == rank) return from.value;
    if (rank == 2) return export_op1(x, "Flatten", from.value);
    shape s = x->net->nodes[node->inputs[i]].out;
    return export_op2(x, "Reshape", from.value, export_ints(x, 4, (const int64_t[]){0, s.c, s.h, s.w}));
}
