/* All nodes of the graph, one after the other. */
#include <string.h>

#include "nets/onnx/import_internal.h"

enum { MOST_VALUES = 1 << 28 };

const lowering_rule *lowering_find(const char *op) {
    enum { FIRST, ANY };
    static const lowering_rule rules[] = {
#define LOWERING(op, function, inputs) {#op, function, inputs == ANY},
#include "nets/onnx/lowerings.def"
#undef LOWERING
    };
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        if (!strcmp(rules[k].op, op)) return &rules[k];
    return NULL;
}

static const onnx_node *producer(const importer *im, int value) {
    return im->producer[value] < 0 ? NULL : &im->g->nodes[im->producer[value]];
}

static bool one_of(const char *op, const char *const *ops) {
    for (; *ops; ops++)
        if (!strcmp(op, *ops)) return true;
    return false;
}

/* Whether a softmax runs over all that there is of one image. */
static bool covers_all(const importer *im, const onnx_node *n) {
    const onnx_tensor *t = im->trace->values[n->inputs[0]];
    int axis = import_axis(onnx_int(n, "axis", im->g->opset < 13 ? 1 : -1), t->rank);
    if (axis < 0) return false;
    int64_t length = im->g->opset < 13 ? import_behind(t, axis) * t->dims[axis] : t->dims[axis];
    return length == (int64_t)t->n;
}

const onnx_node *import_find_logits(importer *im) {
    static const char *const views[] = {"Identity", "Dropout", "Flatten",   "Reshape",
                                        "Squeeze",  "Cast",    "Unsqueeze", NULL};
    static const char *const softmaxes[] = {"Softmax", "LogSoftmax", NULL};
    im->logits = im->g->outputs[0];
    const onnx_node *n = producer(im, im->logits);
    while (n && one_of(n->op, views) && n->n_inputs && n->inputs[0] >= 0)
        n = producer(im, n->inputs[0]);
    if (!n || !one_of(n->op, softmaxes) || n->n_inputs < 1 || n->inputs[0] < 0 ||
        !im->trace->values[n->inputs[0]] || !covers_all(im, n))
        return NULL;
    im->logits = n->inputs[0];
    return n;
}

/* Counts who reads what, from the logits back to the image; the rest of the graph is done with. */
static void find_readers(importer *im) {
    const onnx_graph *g = im->g;
    im->readers[im->logits]++;
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        const onnx_node *n = &g->nodes[k];
        bool needed = false;
        for (int i = 0; i < n->n_outputs; i++)
            needed |= n->outputs[i] >= 0 && im->readers[n->outputs[i]] && im->trace->depends[n->outputs[i]];
        im->done[k] = !needed;
        for (int i = 0; i < n->n_inputs && needed; i++) {
            if (n->inputs[i] < 0) continue;
            im->readers[n->inputs[i]]++;
            im->reader[n->inputs[i]] = k;
        }
    }
}

/* What every operator asks of its operands. */
static status check_node(const importer *im, const onnx_node *n, const lowering_rule *rule, err *e) {
    if (!rule || n->domain[0]) return import_refuse(im, e, "no layer does this");
    for (int i = 0; i < n->n_inputs; i++)
        if (!rule->any && i > 0 && import_depends(im, n, i))
            return import_refuse(im, e, "input %d depends on the image, only the first may", i);
    if (!rule->any && !import_depends(im, n, 0)) return import_refuse(im, e, "its first input is a constant");
    for (int i = 0; i < n->n_outputs; i++) {
        const onnx_tensor *t = n->outputs[i] < 0 ? NULL : im->trace->values[n->outputs[i]];
        if (!t && i == 0) return import_refuse(im, e, "its first output is left out");
        if (!t || !im->readers[n->outputs[i]]) continue;
        if (!t->floats) return import_refuse(im, e, "it makes %s of the image", onnx_type_name(t->type));
        if (t->n < 1 || t->n > MOST_VALUES)
            return import_refuse(im, e, "it makes %zu values of an image", t->n);
    }
    return STATUS_OK;
}

/* What a layer makes must be as large as what the graph makes. */
static status check_sizes(const importer *im, const onnx_node *n, err *e) {
    for (int i = 0; i < n->n_outputs && !net_failed(im->b); i++) {
        int value = n->outputs[i];
        if (value < 0 || im->carriers[value].node < 0) continue;
        shape s = import_node_shape(im, im->carriers[value].node);
        if (shape_size(s) != im->trace->values[value]->n)
            return import_refuse(im, e, "our layer would make %d x %d x %d values, the graph %zu", s.h, s.w,
                                 s.c, im->trace->values[value]->n);
    }
    return STATUS_OK;
}

static bool carried(const importer *im, const onnx_node *n) {
    for (int i = 0; i < n->n_inputs; i++)
        if (import_depends(im, n, i) && im->carriers[n->inputs[i]].node < 0) return false;
    return true;
}

static status lower_node(importer *im, int k, err *e) {
    const onnx_node *n = &im->g->nodes[k];
    const lowering_rule *rule = lowering_find(n->op);
    im->at = n;
    im->name = n->name;
    im->done[k] = true;
    status s = check_node(im, n, rule, e);
    if (s == STATUS_OK && !carried(im, n)) return STATUS_OK; /* behind one that was refused */
    if (s == STATUS_OK) s = rule->lower(im, n, e);
    return s == STATUS_OK ? check_sizes(im, n, e) : s;
}

status import_lower(importer *im, const char **refused, err *e) {
    find_readers(im);
    for (int k = 0; k < im->g->n_nodes; k++) {
        if (im->done[k]) continue;
        status s = lower_node(im, k, e);
        if (s == STATUS_UNSUPPORTED && refused)
            refused[k] = arena_strdup(im->memory, e->message);
        else if (s != STATUS_OK)
            return s;
        if (net_failed(im->b)) return STATUS_OK; /* net_finish says why */
    }
    return STATUS_OK;
}
