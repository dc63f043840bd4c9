/* The door to protobuf-c, writing. The messages are built in an arena around the graph's own texts and numbers, then packed straight into the
 * file. */
#include <string.h>

#include "nets/onnx/wire_internal.h"
#include "onnx.pb-c.h"

typedef struct writing {
    arena memory;
    const onnx_graph *g;
    bool failed; /* memory ran out */
} writing;

/* Takes memory, and when there is none lets the caller go on in a dummy: `failed` is looked at once, at the end. */
static void *take(writing *w, size_t n, size_t size) {
    void *memory = arena_array(&w->memory, n, size);
    w->failed = w->failed || !memory;
    return memory;
}

/* protobuf-c knows no const; packing changes nothing. */
static void *plain(const void *pointer) {
    return (void *)(uintptr_t)pointer;
}

static void *message_new(writing *w, const ProtobufCMessageDescriptor *kind) {
    void *message = take(w, 1, kind->sizeof_message);
    if (message) protobuf_c_message_init(kind, message);
    return message;
}

static Onnx__Pb__Tensor *tensor_message(writing *w, const char *name, const onnx_tensor *t) {
    Onnx__Pb__Tensor *m = message_new(w, &onnx__pb__tensor__descriptor);
    if (!m) return NULL;
    m->name = plain(name);
    m->n_dims = (size_t)t->rank;
    m->dims = plain(t->dims);
    m->has_data_type = m->has_raw_data = true;
    m->data_type = (int32_t)t->type;
    m->raw_data.data = wire_tensor_raw(t, &w->memory, &m->raw_data.len);
    w->failed = w->failed || !m->raw_data.data;
    return m;
}

static Onnx__Pb__Shape *shape_message(writing *w, const onnx_value *v) {
    Onnx__Pb__Shape *m = message_new(w, &onnx__pb__shape__descriptor);
    Onnx__Pb__Dimension **dims = take(w, (size_t)v->rank, sizeof *dims);
    if (!m || !dims) return NULL;
    m->n_dim = (size_t)v->rank;
    m->dim = dims;
    for (int i = 0; i < v->rank; i++) {
        dims[i] = message_new(w, &onnx__pb__dimension__descriptor);
        if (!dims[i]) return NULL;
        dims[i]->has_dim_value = v->dims[i] >= 0;
        dims[i]->dim_value = v->dims[i];
        if (v->dims[i] >= 0) continue;
        dims[i]->dim_param = i == 0 ? plain("N") : arena_printf(&w->memory, "%s_%d", v->name, i);
        w->failed = w->failed || !dims[i]->dim_param;
    }
    return m;
}

static Onnx__Pb__ValueInfo *value_message(writing *w, const onnx_value *v) {
    Onnx__Pb__ValueInfo *m = message_new(w, &onnx__pb__value_info__descriptor);
    if (!m) return NULL;
    m->name = plain(v->name);
    if (v->type == 0) return m;
    m->type = message_new(w, &onnx__pb__type__descriptor);
    Onnx__Pb__TensorType *type = message_new(w, &onnx__pb__tensor_type__descriptor);
    if (!m->type || !type) return NULL;
    m->type->tensor_type = type;
    type->has_elem_type = true;
    type->elem_type = (int32_t)v->type;
    if (v->rank >= 0) type->shape = shape_message(w, v);
    return m;
}

static Onnx__Pb__Attribute *attribute_message(writing *w, const onnx_attribute *a) {
    static const int types[] = {[ONNX_ATTRIBUTE_FLOAT] = WIRE_FLOAT,   [ONNX_ATTRIBUTE_INT] = WIRE_INT,
                                [ONNX_ATTRIBUTE_STRING] = WIRE_STRING, [ONNX_ATTRIBUTE_TENSOR] = WIRE_TENSOR,
                                [ONNX_ATTRIBUTE_FLOATS] = WIRE_FLOATS, [ONNX_ATTRIBUTE_INTS] = WIRE_INTS};
    Onnx__Pb__Attribute *m = message_new(w, &onnx__pb__attribute__descriptor);
    if (!m) return NULL;
    m->name = plain(a->name);
    m->has_type = true;
    m->type = types[a->kind];
    m->has_f = a->kind == ONNX_ATTRIBUTE_FLOAT;
    m->f = a->f;
    m->has_i = a->kind == ONNX_ATTRIBUTE_INT;
    m->i = a->i;
    m->has_s = a->kind == ONNX_ATTRIBUTE_STRING;
    if (m->has_s) m->s = (ProtobufCBinaryData){strlen(a->s), plain(a->s)};
    if (a->kind == ONNX_ATTRIBUTE_TENSOR) m->t = tensor_message(w, NULL, a->t);
    m->n_floats = a->kind == ONNX_ATTRIBUTE_FLOATS ? (size_t)a->n : 0;
    m->floats = plain(a->floats);
    m->n_ints = a->kind == ONNX_ATTRIBUTE_INTS ? (size_t)a->n : 0;
    m->ints = plain(a->ints);
    return m;
}

static char **name_array(writing *w, const int *values, int n) {
    char **names = take(w, (size_t)n, sizeof *names);
    for (int i = 0; names && i < n; i++)
        names[i] = plain(values[i] < 0 ? "" : w->g->values[values[i]].name);
    return names;
}

static Onnx__Pb__Node *node_message(writing *w, const onnx_node *n) {
    Onnx__Pb__Node *m = message_new(w, &onnx__pb__node__descriptor);
    Onnx__Pb__Attribute **attributes = take(w, (size_t)n->n_attributes, sizeof *attributes);
    if (!m || !attributes) return NULL;
    m->name = plain(n->name);
    m->op_type = plain(n->op);
    m->n_input = (size_t)n->n_inputs;
    m->input = name_array(w, n->inputs, n->n_inputs);
    m->n_output = (size_t)n->n_outputs;
    m->output = name_array(w, n->outputs, n->n_outputs);
    m->attribute = attributes;
    for (; m->n_attribute < (size_t)n->n_attributes; m->n_attribute++)
        attributes[m->n_attribute] = attribute_message(w, &n->attributes[m->n_attribute]);
    return m;
}

static Onnx__Pb__Graph *graph_message(writing *w) {
    const onnx_graph *g = w->g;
    Onnx__Pb__Graph *m = message_new(w, &onnx__pb__graph__descriptor);
    if (!m) return NULL;
    m->name = plain(g->name);
    m->node = take(w, (size_t)g->n_nodes, sizeof *m->node);
    m->initializer = take(w, (size_t)g->n_values, sizeof *m->initializer);
    m->input = take(w, (size_t)g->n_inputs, sizeof *m->input);
    m->output = take(w, (size_t)g->n_outputs, sizeof *m->output);
    if (w->failed) return NULL;
    for (; m->n_node < (size_t)g->n_nodes; m->n_node++)
        m->node[m->n_node] = node_message(w, &g->nodes[m->n_node]);
    for (int i = 0; i < g->n_values; i++)
        if (g->values[i].initial)
            m->initializer[m->n_initializer++] = tensor_message(w, g->values[i].name, g->values[i].initial);
    for (; m->n_input < (size_t)g->n_inputs; m->n_input++)
        m->input[m->n_input] = value_message(w, &g->values[g->inputs[m->n_input]]);
    for (; m->n_output < (size_t)g->n_outputs; m->n_output++)
        m->output[m->n_output] = value_message(w, &g->values[g->outputs[m->n_output]]);
    return m;
}

static Onnx__Pb__Model *model_message(writing *w) {
    Onnx__Pb__Model *m = message_new(w, &onnx__pb__model__descriptor);
    Onnx__Pb__OperatorSet **sets = take(w, 1, sizeof *sets);
    if (!m || !sets || !(sets[0] = message_new(w, &onnx__pb__operator_set__descriptor))) return NULL;
    m->has_ir_version = true;
    m->ir_version = w->g->ir_version;
    m->producer_name = plain(w->g->producer);
    sets[0]->domain = plain("");
    sets[0]->has_version = true;
    sets[0]->version = w->g->opset;
    m->opset_import = sets;
    m->n_opset_import = 1;
    m->graph = graph_message(w);
    return m;
}

typedef struct file_buffer {
    ProtobufCBuffer base;
    FILE *file;
} file_buffer;

static void append_to_file(ProtobufCBuffer *buffer, size_t size, const uint8_t *data) {
    if (size > 0) fwrite(data, 1, size, ((file_buffer *)buffer)->file); /* the stream keeps a failure */
}

static status check_writable(const onnx_graph *g, err *e) {
    for (int i = 0; i < g->n_nodes; i++) {
        const onnx_node *n = &g->nodes[i];
        if (*n->domain)
            return err_set(e, STATUS_UNSUPPORTED, "node \"%s\": domain \"%s\" cannot be written", n->name,
                           n->domain);
        for (int k = 0; k < n->n_attributes; k++)
            if (n->attributes[k].kind == ONNX_ATTRIBUTE_OTHER)
                return err_set(e, STATUS_UNSUPPORTED, "node \"%s\" (%s): attribute \"%s\" cannot be written",
                               n->name, n->op, n->attributes[k].name);
    }
    return STATUS_OK;
}

status wire_write(FILE *file, const onnx_graph *g, err *e) {
    status s = check_writable(g, e);
    if (s != STATUS_OK) return s;
    writing w = {.g = g};
    const Onnx__Pb__Model *model = model_message(&w);
    if (model && !w.failed) {
        file_buffer out = {{append_to_file}, file};
        protobuf_c_message_pack_to_buffer(&model->base, &out.base);
    } else {
        s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    arena_free(&w.memory);
    return s;
}
