/* The door to protobuf-c, reading. ModelProto and TensorProto to what they declare. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "nets/onnx/wire_internal.h"
#include "onnx.pb-c.h"

enum { MOST_ATTRIBUTES = 64, MOST_THINGS = 1 << 24 };

/* protobuf-c keeps what it unpacks in many small pieces: a file of a few MB could ask for hundreds. The sum of all requests is capped, which bounds
 * the time of unpacking too. */
typedef struct quota {
    size_t left;
    bool exceeded;
} quota;

static void *quota_alloc(void *context, size_t size) {
    quota *q = context;
    if (size > q->left) {
        q->exceeded = true;
        return NULL;
    }
    q->left -= size;
    return malloc(size);
}

static void quota_free(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *kind, const void *data, size_t size,
                                err *e) {
    quota q = {.left = 4 * size + ((size_t)64 << 20)};
    ProtobufCAllocator allocator = {quota_alloc, quota_free, &q};
    ProtobufCMessage *message = protobuf_c_message_unpack(kind, &allocator, size, data);
    if (!message)
        err_set(e, STATUS_BAD_FILE, "%s",
                q.exceeded ? "far too many fields for its size" : "no ONNX protobuf, or cut off");
    return message;
}

static void free_message(ProtobufCMessage *message) {
    quota q = {0};
    ProtobufCAllocator allocator = {quota_alloc, quota_free, &q};
    protobuf_c_message_free_unpacked(message, &allocator);
}

typedef struct reading {
    arena *memory, *scratch;
    external_data *external;
    err *e;
} reading;

static status no_memory(const reading *r) {
    return err_set(r->e, STATUS_NO_MEMORY, "out of memory");
}

/* A copy of a name, NULL as "". */
static status copy_text(const reading *r, const char *text, const char **out) {
    if (!text) text = "";
    if (!text_is_utf8(text, strlen(text))) return err_set(r->e, STATUS_BAD_FILE, "a name is not UTF-8");
    *out = arena_strdup(r->memory, text);
    return *out ? STATUS_OK : no_memory(r);
}

static wire_tensor tensor_view(const Onnx__Pb__Tensor *t) {
    wire_tensor v = {.type = t->data_type,
                     .rank = t->n_dims,
                     .dims = t->dims,
                     .n_floats = t->n_float_data,
                     .floats = t->float_data,
                     .n_int32s = t->n_int32_data,
                     .int32s = t->int32_data,
                     .n_int64s = t->n_int64_data,
                     .int64s = t->int64_data,
                     .n_doubles = t->n_double_data,
                     .doubles = t->double_data,
                     .n_uint64s = t->n_uint64_data,
                     .uint64s = t->uint64_data,
                     .external = t->data_location != 0};
    if (t->raw_data.len > 0) {
        v.raw = t->raw_data.data;
        v.raw_size = t->raw_data.len;
    }
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__Pb__Entry *entry = t->external_data[i];
        const char *key = entry->key ? entry->key : "";
        if (strcmp(key, "location") == 0) v.location = entry->value;
        if (strcmp(key, "offset") == 0) v.offset = entry->value;
        if (strcmp(key, "length") == 0) v.length = entry->value;
    }
    return v;
}

static status read_tensor(const reading *r, const Onnx__Pb__Tensor *t, const onnx_tensor **out) {
    if (t->has_segment) return err_set(r->e, STATUS_UNSUPPORTED, "tensor in segments");
    wire_tensor view = tensor_view(t);
    onnx_tensor *tensor;
    status s = wire_tensor_read(&view, r->external, r->memory, &tensor, r->e);
    *out = tensor;
    return s;
}

/* Old files do not say the kind of an attribute: then it is what is there. */
static int attribute_type(const Onnx__Pb__Attribute *a) {
    if (a->has_type && a->type != 0) return a->type;
    return a->has_f      ? WIRE_FLOAT
           : a->has_i    ? WIRE_INT
           : a->has_s    ? WIRE_STRING
           : a->t        ? WIRE_TENSOR
           : a->n_floats ? WIRE_FLOATS
           : a->n_ints   ? WIRE_INTS
                         : WIRE_GRAPH;
}

static status read_attribute_text(const reading *r, const Onnx__Pb__Attribute *a, onnx_attribute *out) {
    out->kind = ONNX_ATTRIBUTE_STRING;
    out->s = arena_strndup(r->memory, a->s.len ? (const char *)a->s.data : "", a->s.len);
    return out->s ? STATUS_OK : no_memory(r);
}

static status read_attribute_list(const reading *r, const Onnx__Pb__Attribute *a, bool floats,
                                  onnx_attribute *out) {
    size_t n = floats ? a->n_floats : a->n_ints, size = floats ? sizeof *a->floats : sizeof *a->ints;
    if (n > MOST_THINGS) return err_set(r->e, STATUS_BAD_FILE, "%zu numbers", n);
    void *copy = arena_array(r->memory, n, size);
    if (!copy) return no_memory(r);
    if (n > 0) memcpy(copy, floats ? (const void *)a->floats : (const void *)a->ints, n * size);
    out->kind = floats ? ONNX_ATTRIBUTE_FLOATS : ONNX_ATTRIBUTE_INTS;
    out->n = (int)n;
    if (floats)
        out->floats = copy;
    else
        out->ints = copy;
    return STATUS_OK;
}

static status read_attribute_value(const reading *r, const Onnx__Pb__Attribute *a, onnx_attribute *out) {
    switch (attribute_type(a)) {
    case WIRE_FLOAT:
        out->kind = ONNX_ATTRIBUTE_FLOAT;
        out->f = a->f;
        return STATUS_OK;
    case WIRE_INT:
        out->kind = ONNX_ATTRIBUTE_INT;
        out->i = a->i;
        return STATUS_OK;
    case WIRE_STRING:
        return read_attribute_text(r, a, out);
    case WIRE_TENSOR:
        out->kind = ONNX_ATTRIBUTE_TENSOR;
        if (!a->t) return err_set(r->e, STATUS_BAD_FILE, "has no tensor");
        return read_tensor(r, a->t, &out->t);
    case WIRE_FLOATS:
        return read_attribute_list(r, a, true, out);
    case WIRE_INTS:
        return read_attribute_list(r, a, false, out);
    default:
        out->kind = ONNX_ATTRIBUTE_OTHER;
        return STATUS_OK;
    }
}

static status read_attribute(const reading *r, const Onnx__Pb__Attribute *a, const onnx_node *node,
                             onnx_attribute *out) {
    status s = copy_text(r, a->name, &out->name);
    if (s != STATUS_OK) return s;
    if (onnx_attribute_find(node, out->name)) s = err_set(r->e, STATUS_BAD_FILE, "is given twice");
    if (s == STATUS_OK) s = read_attribute_value(r, a, out);
    return s == STATUS_OK ? s : err_prefix(r->e, s, "attribute \"%s\"", out->name);
}

static status read_attributes(const reading *r, const Onnx__Pb__Node *n, onnx_node *out) {
    if (n->n_attribute > MOST_ATTRIBUTES)
        return err_set(r->e, STATUS_BAD_FILE, "%zu attributes, expected at most %d", n->n_attribute,
                       MOST_ATTRIBUTES);
    onnx_attribute *attributes = arena_array(r->memory, n->n_attribute, sizeof *attributes);
    if (!attributes) return no_memory(r);
    out->attributes = attributes;
    status s = STATUS_OK;
    for (size_t i = 0; i < n->n_attribute && s == STATUS_OK; i++) {
        s = read_attribute(r, n->attribute[i], out, &attributes[i]);
        out->n_attributes++;
    }
    return s;
}

static status read_names(const reading *r, char **names, size_t n, const char *const **out) {
    const char **copies = arena_array(r->scratch, n, sizeof *copies);
    if (!copies) return no_memory(r);
    status s = STATUS_OK;
    for (size_t i = 0; i < n && s == STATUS_OK; i++)
        s = copy_text(r, names[i], &copies[i]);
    *out = copies;
    return s;
}

static const char *first_name(const Onnx__Pb__Node *n) {
    if (n->name && *n->name) return n->name;
    return n->n_output > 0 ? n->output[0] : "";
}

static status read_node(const reading *r, const Onnx__Pb__Node *n, wire_node *out) {
    out->node.n_inputs =
        (int)n->n_input; /* fit: there are no more than MOST_THINGS in all, see count_things */
    out->node.n_outputs = (int)n->n_output;
    status s = copy_text(r, first_name(n), &out->node.name);
    if (s == STATUS_OK) s = copy_text(r, n->op_type, &out->node.op);
    if (s != STATUS_OK) return s;
    s = copy_text(r, n->domain && strcmp(n->domain, "ai.onnx") != 0 ? n->domain : "", &out->node.domain);
    if (s == STATUS_OK) s = read_names(r, n->input, n->n_input, &out->inputs);
    if (s == STATUS_OK) s = read_names(r, n->output, n->n_output, &out->outputs);
    if (s == STATUS_OK) s = read_attributes(r, n, &out->node);
    return s == STATUS_OK ? s : err_prefix(r->e, s, "node \"%s\" (%s)", out->node.name, out->node.op);
}

static status read_shape(const reading *r, const Onnx__Pb__Shape *shape, onnx_value *out) {
    if (shape->n_dim > ONNX_MOST_RANK)
        return err_set(r->e, STATUS_UNSUPPORTED, "%zu dimensions, expected at most %d", shape->n_dim,
                       ONNX_MOST_RANK);
    out->rank = (int)shape->n_dim;
    for (int i = 0; i < out->rank; i++) {
        const Onnx__Pb__Dimension *d = shape->dim[i];
        if (d->has_dim_value && d->dim_value < 0)
            return err_set(r->e, STATUS_BAD_FILE, "dimension %d is %" PRId64 ", expected >= 0", i,
                           d->dim_value);
        out->dims[i] = d->has_dim_value ? d->dim_value : -1;
    }
    return STATUS_OK;
}

static status read_value_info(const reading *r, const Onnx__Pb__ValueInfo *v, onnx_value *out) {
    out->rank = -1;
    status s = copy_text(r, v->name, &out->name);
    const Onnx__Pb__TensorType *type = v->type ? v->type->tensor_type : NULL;
    if (s != STATUS_OK || !type) return s;
    if (onnx_type_known(type->elem_type)) out->type = (onnx_type)type->elem_type;
    if (type->shape) s = read_shape(r, type->shape, out);
    return s == STATUS_OK ? s : err_prefix(r->e, s, "value \"%s\"", out->name);
}

static status read_value_infos(const reading *r, Onnx__Pb__ValueInfo **infos, size_t n, onnx_value **out,
                               int *n_out) {
    *out = arena_array(r->scratch, n, sizeof **out);
    if (!*out) return no_memory(r);
    *n_out = (int)n;
    status s = STATUS_OK;
    for (size_t i = 0; i < n && s == STATUS_OK; i++)
        s = read_value_info(r, infos[i], &(*out)[i]);
    return s;
}

static status read_initial(const reading *r, const Onnx__Pb__Tensor *t, onnx_value *out) {
    out->rank = -1;
    status s = copy_text(r, t->name, &out->name);
    if (s != STATUS_OK) return s;
    s = read_tensor(r, t, &out->initial);
    return s == STATUS_OK ? s : err_prefix(r->e, s, "initialiser \"%s\"", out->name);
}

static status read_initials(const reading *r, const Onnx__Pb__Graph *graph, wire_graph *out) {
    out->initials = arena_array(r->scratch, graph->n_initializer, sizeof *out->initials);
    if (!out->initials) return no_memory(r);
    out->n_initials = (int)graph->n_initializer;
    status s = STATUS_OK;
    for (int i = 0; i < out->n_initials && s == STATUS_OK; i++)
        s = read_initial(r, graph->initializer[i], &out->initials[i]);
    return s;
}

static status read_nodes(const reading *r, const Onnx__Pb__Graph *graph, wire_graph *out) {
    out->nodes = arena_array(r->scratch, graph->n_node, sizeof *out->nodes);
    if (!out->nodes) return no_memory(r);
    out->n_nodes = (int)graph->n_node;
    status s = STATUS_OK;
    for (int i = 0; i < out->n_nodes && s == STATUS_OK; i++)
        s = read_node(r, graph->node[i], &out->nodes[i]);
    return s;
}

/* Everything that is counted in an int later. */
static size_t count_things(const Onnx__Pb__Graph *graph) {
    size_t n = graph->n_input + graph->n_output + graph->n_initializer + graph->n_node;
    for (size_t i = 0; i < graph->n_node; i++)
        n += graph->node[i]->n_input + graph->node[i]->n_output;
    return n;
}

static status read_graph(const reading *r, const Onnx__Pb__Graph *graph, wire_graph *out) {
    if (count_things(graph) > MOST_THINGS)
        return err_set(r->e, STATUS_BAD_FILE, "%zu nodes and values, expected at most %d",
                       count_things(graph), MOST_THINGS);
    if (graph->n_sparse_initializer > 0)
        return err_set(r->e, STATUS_UNSUPPORTED, "sparse initialisers are not supported");
    status s = read_nodes(r, graph, out);
    if (s == STATUS_OK) s = read_initials(r, graph, out);
    if (s == STATUS_OK) s = read_value_infos(r, graph->input, graph->n_input, &out->inputs, &out->n_inputs);
    if (s == STATUS_OK)
        s = read_value_infos(r, graph->output, graph->n_output, &out->outputs, &out->n_outputs);
    return s;
}

/* Before IR version 3 a file did not say its operator set: it is the first. */
static int64_t default_opset(const Onnx__Pb__Model *m) {
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = m->opset_import[i]->domain;
        if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0) return m->opset_import[i]->version;
    }
    return m->ir_version < 3 ? 1 : 0;
}

static status read_model(const reading *r, const Onnx__Pb__Model *m, onnx_graph *g, wire_graph *out) {
    if (!m->graph) return err_set(r->e, STATUS_BAD_FILE, "holds no graph");
    if (m->n_functions > 0)
        return err_set(r->e, STATUS_UNSUPPORTED, "functions of the model's own (\"%s\") are not supported",
                       m->functions[0]->name ? m->functions[0]->name : "");
    g->ir_version = m->ir_version;
    g->opset = default_opset(m);
    status s = copy_text(r, m->producer_name, &g->producer);
    if (s == STATUS_OK) s = copy_text(r, m->graph->name, &g->name);
    return s == STATUS_OK ? read_graph(r, m->graph, out) : s;
}

status wire_read(const uint8_t *data, size_t size, external_data *x, arena *scratch, onnx_graph *g,
                 wire_graph *out, err *e) {
    *out = (wire_graph){0};
    ProtobufCMessage *message = unpack(&onnx__pb__model__descriptor, data, size, e);
    if (!message) return STATUS_BAD_FILE;
    reading r = {&g->memory, scratch, x, e};
    status s = read_model(&r, (const Onnx__Pb__Model *)message, g, out);
    free_message(message);
    return s;
}

status onnx_tensor_parse(const void *data, size_t size, arena *memory, const onnx_tensor **out, err *e) {
    *out = NULL;
    ProtobufCMessage *message = unpack(&onnx__pb__tensor__descriptor, data, size, e);
    if (!message) return STATUS_BAD_FILE;
    external_data none = {0};
    reading r = {.memory = memory, .external = &none, .e = e};
    status s = read_tensor(&r, (const Onnx__Pb__Tensor *)message, out);
    free_message(message);
    return s;
}
