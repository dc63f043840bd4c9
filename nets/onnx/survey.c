#include <string.h>

#include "nets/onnx/import_internal.h"

static int64_t count_parameters(const onnx_graph *g, const onnx_node *n) {
    int64_t sum = 0;
    for (int i = 0; i < n->n_inputs; i++) {
        const onnx_tensor *t = n->inputs[i] < 0 ? NULL : g->values[n->inputs[i]].initial;
        sum += t && t->floats ? (int64_t)t->n : 0;
    }
    return sum;
}

/* Every output of a convolution or product takes as many as a filter or column has weights. */
static int64_t count_multiply_adds(const onnx_trace *trace, const onnx_node *n, const onnx_tensor *output) {
    const onnx_tensor *w = n->n_inputs > 1 && n->inputs[1] >= 0 ? trace->values[n->inputs[1]] : NULL;
    if (!w || w->rank < 2 || w->n == 0) return 0;
    if (!strcmp(n->op, "Conv")) return (int64_t)(output->n * (w->n / (size_t)w->dims[0]));
    if (!strcmp(n->op, "Gemm"))
        return (int64_t)(output->n * (size_t)w->dims[onnx_int(n, "transB", 0) ? 1 : 0]);
    if (!strcmp(n->op, "MatMul")) return (int64_t)(output->n * (size_t)w->dims[w->rank - 2]);
    return 0;
}

/* The rows of a graph that was not run: nothing is known of shapes and of what is constant. */
static void list_operators(const onnx_graph *g, onnx_survey *s) {
    for (int k = 0; k < g->n_nodes; k++) {
        const onnx_node *n = &g->nodes[k];
        bool known = !n->domain[0] && (lowering_find(n->op) || onnx_operator_known(n->op));
        s->rows[s->n++] = (onnx_survey_row){.node = n,
                                            .parameters = count_parameters(g, n),
                                            .refused = known ? NULL : "no such operator is supported"};
        s->n_refused += !known;
    }
}

static bool depends(const onnx_trace *trace, const onnx_node *n) {
    for (int i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] >= 0 && trace->depends[n->outputs[i]]) return true;
    return false;
}

static void list_nodes(const import_job *job, const char *const *refused, onnx_survey *s) {
    const onnx_graph *g = job->im.g;
    for (int k = 0; k < g->n_nodes; k++) {
        const onnx_node *n = &g->nodes[k];
        const onnx_tensor *output =
            n->n_outputs && n->outputs[0] >= 0 ? job->trace.values[n->outputs[0]] : NULL;
        if (!depends(&job->trace, n)) {
            s->n_folded++;
            continue;
        }
        s->rows[s->n++] =
            (onnx_survey_row){.node = n,
                              .output = output,
                              .parameters = count_parameters(g, n),
                              .multiply_adds = output ? count_multiply_adds(&job->trace, n, output) : 0,
                              .refused = refused[k] ? arena_strdup(&s->memory, refused[k]) : NULL};
        s->n_refused += refused[k] != NULL;
    }
}

/* The normalisation that stands before everything else. */
static void find_normalisation(const net *n, onnx_survey *s) {
    for (int k = 1; k < n->n_nodes && !s->n_mean; k++) {
        const net_node *node = &n->nodes[k];
        if (strcmp(node->op->name, "normalise")) continue;
        s->n_mean = node->out.c;
        memcpy(s->mean, node->config.mean, sizeof s->mean);
        memcpy(s->std, node->config.std, sizeof s->std);
    }
}

static status survey_run(import_job *job, onnx_survey *s, err *e) {
    const char **refused = arena_array(&job->memory, (size_t)job->im.g->n_nodes + 1, sizeof *refused);
    if (!refused) return err_set(e, STATUS_NO_MEMORY, "no memory to look into a graph");
    status done = import_graph(job, refused, e);
    s->image = job->plan.image;
    s->softmax = job->softmax;
    list_nodes(job, refused, s);
    if (job->im.b) find_normalisation(net_being_built(job->im.b), s);
    return done == STATUS_NO_MEMORY ? done : STATUS_OK;
}

status onnx_survey_make(const onnx_graph *g, const preprocessing *p, onnx_survey *out, err *e) {
    import_job job;
    err why;
    *out = (onnx_survey){0};
    out->rows = arena_array(&out->memory, (size_t)g->n_nodes + 1, sizeof *out->rows);
    if (!out->rows) return err_set(e, STATUS_NO_MEMORY, "no memory to look into a graph");
    status s = import_start(g, p, &job, &why);
    if (s == STATUS_OK) {
        s = survey_run(&job, out, e);
    } else {
        out->not_run = arena_strdup(&out->memory, why.message);
        list_operators(g, out);
        s = STATUS_OK;
    }
    if (job.im.b) net_discard(job.im.b);
    out->trace = job.trace; /* whose outputs the rows show */
    job.trace = (onnx_trace){0};
    import_stop(&job);
    if (s != STATUS_OK) onnx_survey_free(out);
    return s;
}

void onnx_survey_free(onnx_survey *s) {
    onnx_trace_free(&s->trace);
    arena_free(&s->memory);
    *s = (onnx_survey){0};
}
