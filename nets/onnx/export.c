/* A net as an ONNX file. */
#include <string.h>

#include "nets/onnx/check_internal.h"
#include "nets/onnx/export_internal.h"
#include "nets/onnx/import.h"

/* The last node's vector, called logits. */
static void add_output(exporter *x) {
    onnx_graph *g = x->g;
    int last = x->net->n_nodes - 1;
    exported from = x->nodes[last];
    int value = export_op1(x, from.rank == 2 ? "Identity" : "Flatten", from.value);
    if (x->failed) return;
    onnx_value *v = &g->values[value];
    v->name = "logits";
    v->is_output = true;
    v->type = ONNX_FLOAT;
    v->rank = 2;
    v->dims[0] = -1;
    v->dims[1] = x->net->classes;
    g->outputs[g->n_outputs++] = value;
}

static status add_nodes(exporter *x, err *e) {
    for (int k = 1; k < x->net->n_nodes && !x->failed; k++) {
        const net_node *node = &x->net->nodes[k];
        if (node->aux_only) continue;
        export_function *f = export_find(node->op->name);
        if (!f)
            return err_set(e, STATUS_UNSUPPORTED, "node '%s': a layer %s cannot be exported", node->name,
                           node->op->name);
        x->at = k;
        x->parts = 0;
        x->nodes[k] = f(x, node);
    }
    return STATUS_OK;
}

static status build(const net *n, const weights *w, onnx_graph *g, err *e) {
    exporter x;
    *g = (onnx_graph){.ir_version = 7, .opset = 13, .producer = "cnnaudit", .name = n->arch};
    status s = export_begin(&x, n, w, g, e);
    if (s == STATUS_OK) s = add_nodes(&x, e);
    if (s != STATUS_OK) return s;
    add_output(&x);
    return x.failed ? err_set(e, STATUS_NO_MEMORY, "no memory for a graph") : STATUS_OK;
}

status onnx_export(const char *path, const net *n, const weights *w, err *e) {
    onnx_graph g;
    status s = build(n, w, &g, e);
    if (s == STATUS_OK) s = onnx_check_export(&g, n, w, e);
    if (s == STATUS_OK) s = onnx_write(path, &g, e);
    onnx_graph_free(&g);
    return s;
}
