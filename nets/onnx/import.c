/* An ONNX graph as a net: evaluate once, lower every node, and compare. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets/onnx/check_internal.h"
#include "nets/onnx/import_internal.h"

status import_start(const onnx_graph *g, const preprocessing *p, import_job *job, err *e) {
    *job = (import_job){.p = p};
    status s = input_plan_make(g, p, &job->plan, e);
    if (s != STATUS_OK) return s;
    job->image = onnx_check_image(job->plan.image, &job->memory);
    const onnx_tensor *input = job->image ? input_plan_tensor(&job->plan, p, job->image, &job->memory) : NULL;
    size_t values = (size_t)g->n_values, nodes = (size_t)g->n_nodes;
    job->im = (importer){.g = g,
                         .trace = &job->trace,
                         .memory = &job->memory,
                         .carriers = arena_array(&job->memory, values, sizeof(carrier)),
                         .producer = arena_array(&job->memory, values, sizeof(int)),
                         .readers = arena_array(&job->memory, values, sizeof(int)),
                         .reader = arena_array(&job->memory, values, sizeof(int)),
                         .done = arena_array(&job->memory, nodes + 1, sizeof(bool))};
    const importer *im = &job->im;
    if (!input || !im->carriers || !im->producer || !im->readers || !im->reader || !im->done)
        return err_set(e, STATUS_NO_MEMORY, "no memory to import a graph");
    for (int v = 0; v < g->n_values; v++)
        im->carriers[v].node = im->producer[v] = -1;
    for (int k = 0; k < g->n_nodes; k++)
        for (int i = 0; i < g->nodes[k].n_outputs; i++)
            if (g->nodes[k].outputs[i] >= 0) im->producer[g->nodes[k].outputs[i]] = k;
    return onnx_evaluate(g, &input, &job->trace, e);
}

void import_stop(import_job *job) {
    onnx_trace_free(&job->trace);
    arena_free(&job->memory);
}

static status check_logits(const importer *im, err *e) {
    const onnx_tensor *t = im->trace->values[im->logits];
    if (!t || !im->trace->depends[im->logits] || !t->floats || t->n < 2)
        return err_set(e, STATUS_UNSUPPORTED, "output '%.80s': %s, expected two logits or more of an image",
                       im->g->values[im->logits].name,
                       !t || !im->trace->depends[im->logits] ? "it does not depend on the image"
                       : !t->floats                          ? "no numbers of a floating type"
                                                             : "a single number");
    return STATUS_OK;
}

/* The graph's own name where an exporter gave a real one. */
static const char *arch_name(const onnx_graph *g, char out[NET_MOST_NAME + 1]) {
    static const char *const empty[] = {"", "main_graph", "torch_jit", "torch-jit-export", "graph"};
    for (size_t k = 0; k < sizeof empty / sizeof *empty; k++)
        if (!strcmp(g->name, empty[k])) return "onnx";
    snprintf(out, NET_MOST_NAME + 1, "%s", g->name);
    return net_name_is_fine(out) ? out : "onnx";
}

status import_graph(import_job *job, const char **refused, err *e) {
    importer *im = &job->im;
    char name[NET_MOST_NAME + 1];
    job->softmax = import_find_logits(im);
    status s = check_logits(im, e);
    if (s != STATUS_OK) return s;
    im->b = net_begin(arch_name(im->g, name), job->plan.image);
    if (!im->b) return err_set(e, STATUS_NO_MEMORY, "no memory for a net");
    input_plan_carry(&job->plan, job->p, im);
    s = import_lower(im, refused, e);
    if (s != STATUS_OK || net_failed(im->b) || im->carriers[im->logits].node < 0) return s;
    im->name = "logits";
    import_map(im, im->logits, import_vector(im->trace->values[im->logits]));
    return STATUS_OK;
}

static status set_param(const net *n, const net_param *p, const import_values *v, weights *w, err *e) {
    if (p->size != v->n)
        return err_set(e, STATUS_UNSUPPORTED, "'%s' takes %zu numbers, the graph has %zu", p->name, p->size,
                       v->n);
    for (size_t i = 0; i < v->n; i++)
        if (!isfinite(v->values[i]) || (p->info.kind == BUFFER_VARIANCE && v->values[i] < 0))
            return err_set(e, STATUS_BAD_FILE, "'%s' holds %g at %zu", p->name, (double)v->values[i], i);
    param_from_pytorch(n, p, v->values, w->data + p->offset);
    return STATUS_OK;
}

static status set_weights(const importer *im, model_file *out, err *e) {
    int set = 0;
    status s = weights_new(out->net, &out->weights, e);
    for (const import_values *v = im->values; v && s == STATUS_OK; v = v->next, set++) {
        const net_node *node = &out->net->nodes[v->node];
        if (!v->values || v->param >= node->n_params)
            return err_set(e, STATUS_NO_MEMORY, "no memory for weights");
        s = set_param(out->net, &out->net->params[node->params[v->param]], v, &out->weights, e);
    }
    if (s == STATUS_OK && set != out->net->n_params)
        s = err_set(e, STATUS_NO_MEMORY, "no memory for weights");
    out->weights.version++;
    return s;
}

static status number_classes(model_file *out, err *e) {
    out->class_names = calloc((size_t)out->net->classes, sizeof *out->class_names);
    for (int k = 0; out->class_names && k < out->net->classes; k++) {
        char text[16];
        snprintf(text, sizeof text, "%d", k);
        if (!(out->class_names[k] = strdup(text)))
            return err_set(e, STATUS_NO_MEMORY, "no memory for class names");
    }
    return out->class_names ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for class names");
}

/* Where the net comes from, for those who read its file later. */
static status note_origin(const import_job *job, model_file *out, err *e) {
    const onnx_graph *g = job->im.g;
    json *origin = json_new_object();
    out->recipe = json_new_object();
    bool fine =
        json_set_string(origin, "format", "onnx") && json_set(origin, "opset", json_new_int(g->opset)) &&
        json_set_string(origin, "producer", g->producer) && json_set_string(origin, "sha256", g->sha256) &&
        (!job->softmax || json_set_string(origin, "left_out", job->softmax->op));
    fine = json_set(out->recipe, "imported", origin) && fine;
    return fine ? STATUS_OK
                : err_set(e, STATUS_BAD_FILE, "a producer's name that is not UTF-8, or no memory");
}

status onnx_import(const onnx_graph *g, const preprocessing *p, model_file *out, err *e) {
    import_job job;
    *out = (model_file){0};
    status s = import_start(g, p, &job, e);
    if (s == STATUS_OK) s = import_graph(&job, NULL, e);
    if (s == STATUS_OK)
        s = net_finish(job.im.b, &out->net, e);
    else if (job.im.b)
        net_discard(job.im.b);
    if (s == STATUS_OK) s = set_weights(&job.im, out, e);
    if (s == STATUS_OK) s = number_classes(out, e);
    if (s == STATUS_OK) s = note_origin(&job, out, e);
    if (s == STATUS_OK)
        s = onnx_check_logits(out->net, &out->weights, job.image, job.trace.values[job.im.logits], e);
    if (s == STATUS_OK)
        memcpy(out->sha256, g->sha256, sizeof out->sha256);
    else
        model_file_free(out);
    import_stop(&job);
    return s;
}
