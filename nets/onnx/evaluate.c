#include "nets/onnx/evaluate.h"

#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

static const struct operator_info {
    const char *name;
    op_body body;
    int least, most;
    const char *attributes;
} operators[] = {
#define OPERATOR(name, body, least, most, attributes) {#name, body, least, most, attributes},
#include "nets/onnx/operators.def"
#undef OPERATOR
};

enum { N_OPERATORS = sizeof operators / sizeof *operators };

static const struct operator_info *operator_find(const char *op) {
    for (int i = 0; i < N_OPERATORS; i++)
        if (strcmp(operators[i].name, op) == 0) return &operators[i];
    return NULL;
}

const char *onnx_operator_at(int i) {
    return i >= 0 && i < N_OPERATORS ? operators[i].name : NULL;
}

bool onnx_operator_known(const char *op) {
    return operator_find(op) != NULL;
}

onnx_limits onnx_limits_default(void) {
    return (onnx_limits){.work = (uint64_t)1 << 36, .bytes = (uint64_t)1 << 32};
}

/* By onnx_attribute_kind. */
static const struct {
    char letter;
    const char *name;
} kinds[] = {{'f', "a number"},
             {'i', "an integer"},
             {'s', "a text"},
             {'t', "a tensor"},
             {'F', "a list of numbers"},
             {'I', "a list of integers"},
             {'?', "of a kind that is not read"}};

static const char *kind_name(char letter) {
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].letter == letter) return kinds[k].name;
    return "";
}

/* The kind of `name` among the words `name:kind` of `attributes`; 0: it is not among them. */
static char kind_taken(const char *attributes, const char *name) {
    size_t length = strlen(name);
    for (const char *word = attributes; *word; word += strcspn(word, " "), word += *word == ' ')
        if (strncmp(word, name, length) == 0 && word[length] == ':') return word[length + 1];
    return 0;
}

static status check_attributes(const struct operator_info *o, const onnx_node *n, err *e) {
    for (int i = 0; i < n->n_attributes; i++) {
        const char *name = n->attributes[i].name;
        if (strcmp(name, "consumed_inputs") == 0) continue; /* before opset 6: a hint about memory */
        char taken = kind_taken(o->attributes, name), found = kinds[n->attributes[i].kind].letter;
        if (!taken) return err_set(e, STATUS_UNSUPPORTED, "attribute \"%s\" is not supported", name);
        if (taken != found)
            return err_set(e, STATUS_BAD_FILE, "attribute \"%s\" is %s, expected %s", name, kind_name(found),
                           kind_name(taken));
    }
    return STATUS_OK;
}

static status check_inputs_of(const struct operator_info *o, const onnx_node *n, err *e) {
    if (n->n_inputs < o->least || n->n_inputs > o->most)
        return err_set(e, STATUS_BAD_FILE, "%d inputs, expected %d to %d", n->n_inputs, o->least, o->most);
    for (int i = 0; i < n->n_inputs; i++)
        if (n->inputs[i] < 0 && (i < o->least || o->most > 8))
            return err_set(e, STATUS_BAD_FILE, "input %d is left out", i);
    return STATUS_OK;
}

static status check_node(const onnx_node *n, err *e) {
    const struct operator_info *o = *n->domain ? NULL : operator_find(n->op);
    if (!o)
        return err_set(e, STATUS_UNSUPPORTED,
                       "the operator is not supported; %d others of the standard's are", N_OPERATORS);
    status s = check_inputs_of(o, n, e);
    return s == STATUS_OK ? check_attributes(o, n, e) : s;
}

static status at_node(const onnx_graph *g, const onnx_node *n, status s, err *e) {
    return err_prefix(e, s, "node \"%s\" (%s%s%s, opset %" PRId64 ")", n->name, n->domain,
                      *n->domain ? "." : "", n->op, g->opset);
}

static status check_graph(const onnx_graph *g, err *e) {
    for (int i = 0; i < g->n_nodes; i++) {
        status s = check_node(&g->nodes[i], e);
        if (s != STATUS_OK) return at_node(g, &g->nodes[i], s, e);
    }
    if (g->opset < ONNX_FIRST_OPSET || g->opset > ONNX_LAST_OPSET)
        return err_set(e, STATUS_UNSUPPORTED, "opset %" PRId64 " is not supported, expected %d to %d",
                       g->opset, ONNX_FIRST_OPSET, ONNX_LAST_OPSET);
    return STATUS_OK;
}

static status check_input(const onnx_value *v, const onnx_tensor *t, err *e) {
    if (v->type != 0 && v->type != t->type)
        return err_set(e, STATUS_USAGE, "input \"%s\" is of type %s, expected %s", v->name,
                       onnx_type_name((int)t->type), onnx_type_name((int)v->type));
    if (v->rank >= 0 && v->rank != t->rank)
        return err_set(e, STATUS_USAGE, "input \"%s\" has %d dimensions, expected %d", v->name, t->rank,
                       v->rank);
    for (int i = 0; i < v->rank; i++)
        if (v->dims[i] >= 0 && v->dims[i] != t->dims[i])
            return err_set(e, STATUS_USAGE, "input \"%s\": dimension %d is %" PRId64 ", expected %" PRId64,
                           v->name, i, t->dims[i], v->dims[i]);
    return STATUS_OK;
}

static status place_inputs(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_trace *out, err *e) {
    for (int i = 0; i < g->n_values; i++)
        out->values[i] = g->values[i].initial;
    status s = STATUS_OK;
    for (int i = 0; i < g->n_inputs && s == STATUS_OK; i++) {
        int value = g->inputs[i];
        s = check_input(&g->values[value], inputs[i], e);
        out->values[value] = inputs[i];
        out->depends[value] = true;
    }
    return s;
}

/* The shape of a value does not depend on what it holds. */
static bool looks_at_numbers(const onnx_node *n) {
    return strcmp(n->op, "Shape") != 0 && strcmp(n->op, "Size") != 0;
}

static bool node_depends(const onnx_node *n, const onnx_trace *t) {
    for (int i = 0; i < n->n_inputs && looks_at_numbers(n); i++)
        if (n->inputs[i] >= 0 && t->depends[n->inputs[i]]) return true;
    return false;
}

enum { MORE_OUTPUTS = 4 }; /* operators may compute outputs that the node does not name */

static status run_node(const onnx_graph *g, const onnx_node *n, onnx_limits *left, onnx_trace *t, err *e) {
    op_call c = {
        .node = n, .opset = g->opset, .n_in = n->n_inputs, .memory = &t->memory, .left = left, .e = e};
    c.n_out = n->n_outputs;
    c.in = arena_array(&t->memory, (size_t)n->n_inputs, sizeof *c.in);
    c.out = arena_array(&t->memory, (size_t)n->n_outputs + MORE_OUTPUTS, sizeof *c.out);
    if (!c.in || !c.out) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n->n_inputs; i++)
        c.in[i] = n->inputs[i] < 0 ? NULL : t->values[n->inputs[i]];
    status s = operator_find(n->op)->body(&c);
    if (s != STATUS_OK) return s;
    bool depends = node_depends(n, t);
    for (int i = 0; i < n->n_outputs; i++) {
        if (n->outputs[i] < 0) continue;
        if (!c.out[i]) return err_set(e, STATUS_UNSUPPORTED, "output %d is not supported", i);
        t->values[n->outputs[i]] = c.out[i];
        t->depends[n->outputs[i]] = depends;
    }
    return STATUS_OK;
}

static status run_all(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_limits left,
                      onnx_trace *out, err *e) {
    status s = check_graph(g, e);
    if (s != STATUS_OK) return s;
    out->values = arena_array(&out->memory, (size_t)g->n_values, sizeof *out->values);
    out->depends = arena_array(&out->memory, (size_t)g->n_values, sizeof *out->depends);
    if (!out->values || !out->depends) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    s = place_inputs(g, inputs, out, e);
    for (int i = 0; i < g->n_nodes && s == STATUS_OK; i++) {
        s = run_node(g, &g->nodes[i], &left, out, e);
        if (s != STATUS_OK) s = at_node(g, &g->nodes[i], s, e);
    }
    return s;
}

status onnx_evaluate_within(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_limits limits,
                            onnx_trace *out, err *e) {
    *out = (onnx_trace){0};
    status s = run_all(g, inputs, limits, out, e);
    if (s != STATUS_OK) onnx_trace_free(out);
    return s;
}

status onnx_evaluate(const onnx_graph *g, const onnx_tensor *const *inputs, onnx_trace *out, err *e) {
    return onnx_evaluate_within(g, inputs, onnx_limits_default(), out, e);
}

void onnx_trace_free(onnx_trace *t) {
    arena_free(&t->memory);
    *t = (onnx_trace){0};
}
