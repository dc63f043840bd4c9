/* Any bytes: refused, or a graph whose values are all in place, that can be run on zeros within small limits and written again. What runs is
 * surveyed and imported: refused, or a net that can be exported. */
#include <stdlib.h>
#include <string.h>

#include "nets/onnx/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_INPUTS = 16, MOST_ELEMENTS = 1 << 16 };

static void check_values(const onnx_graph *g, const int *values, int n) {
    for (int i = 0; i < n; i++)
        if (values[i] < -1 || values[i] >= g->n_values) abort();
}

/* Zeros of the declared shape, 1 for what is not declared. NULL: too large. */
static const onnx_tensor *zeros(arena *memory, const onnx_value *v) {
    int64_t dims[ONNX_MOST_RANK];
    int rank = v->rank < 0 ? 4 : v->rank;
    for (int i = 0; i < rank; i++)
        dims[i] = v->rank < 0 || v->dims[i] < 0 ? 1 : v->dims[i];
    size_t n;
    if (!onnx_count(rank, dims, &n) || n > MOST_ELEMENTS) return NULL;
    return onnx_tensor_new(memory, v->type ? v->type : ONNX_FLOAT, rank, dims);
}

/* Whether it could be. */
static bool evaluate(const onnx_graph *g, arena *memory) {
    const onnx_tensor *inputs[MOST_INPUTS];
    if (g->n_inputs > MOST_INPUTS) return false;
    for (int i = 0; i < g->n_inputs; i++)
        if (!(inputs[i] = zeros(memory, &g->values[g->inputs[i]]))) return false;
    onnx_trace t;
    err e;
    status s = onnx_evaluate_within(g, inputs, (onnx_limits){1 << 20, 1 << 22}, &t, &e);
    for (int i = 0; s == STATUS_OK && i < g->n_outputs; i++)
        if (!t.values[g->outputs[i]]) abort();
    onnx_trace_free(&t);
    return s == STATUS_OK;
}

static void import(const onnx_graph *g) {
    preprocessing p = preprocessing_default();
    onnx_survey survey;
    model_file m;
    err e;
    if (onnx_survey_make(g, &p, &survey, &e) == STATUS_OK) onnx_survey_free(&survey);
    if (onnx_import(g, &p, &m, &e) != STATUS_OK) return;
    if (m.net->classes < 2 || m.net->n_nodes < 2) abort();
    if (onnx_export("/dev/null", m.net, &m.weights, &e) == STATUS_OK && m.net->n_floats > 0 &&
        !m.weights.data)
        abort();
    model_file_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    onnx_looks_like(data, size);
    bytes file = {malloc(size ? size : 1), size};
    if (!file.data) return 0;
    if (size > 0) memcpy(file.data, data, size);
    onnx_graph g;
    err e;
    if (onnx_parse(file, NULL, &g, &e) == STATUS_OK) {
        arena memory = {0};
        for (int i = 0; i < g.n_nodes; i++) {
            check_values(&g, g.nodes[i].inputs, g.nodes[i].n_inputs);
            check_values(&g, g.nodes[i].outputs, g.nodes[i].n_outputs);
        }
        if (evaluate(&g, &memory)) import(&g);
        if (onnx_write("/dev/null", &g, &e) == STATUS_OK && g.n_values < 0) abort();
        arena_free(&memory);
    }
    onnx_graph_free(&g);
    return 0;
}
