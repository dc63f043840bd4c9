/* Products with constant matrices: linear layers. */
#include <stdio.h>
#include <string.h>

#include "nets/onnx/import_internal.h"

void import_name_after(importer *im, const onnx_node *n, int input) {
    static const char end[] = ".weight";
    const char *name = im->g->values[n->inputs[input]].name;
    size_t length = strlen(name), tail = sizeof end - 1;
    if (length <= tail || strcmp(name + length - tail, end)) return;
    char *stem = arena_strndup(im->memory, name, length - tail);
    if (stem) im->name = stem;
}

/* The node that reads a value that only one needed node reads; -1: none or several. */
static int only_reader(const importer *im, int value) {
    if (im->readers[value] != 1 || value == im->logits) return -1;
    return im->done[im->reader[value]] ? -1 : im->reader[value];
}

const float *import_take_bias(importer *im, const onnx_node *n, int channels, int *value) {
    int k = only_reader(im, n->outputs[0]);
    if (k < 0 || strcmp(im->g->nodes[k].op, "Add") || im->g->nodes[k].n_inputs != 2) return NULL;
    const onnx_node *add = &im->g->nodes[k];
    const onnx_tensor *result = import_result(im, n);
    const onnx_tensor *b = import_constant(im, add, add->inputs[0] == n->outputs[0] ? 1 : 0);
    if (!b || !b->floats || b->n != (size_t)channels || import_result(im, add)->n != result->n) return NULL;
    int channel_axis = result->rank > 2 ? 1 : result->rank - 1,
        axis = channel_axis - (result->rank - b->rank);
    if (axis < 0 || axis >= b->rank || b->dims[axis] != channels) return NULL;
    im->done[k] = true;
    *value = add->outputs[0];
    return b->floats;
}

/* weights[in][out], scaled, as [out][in]. */
static const float *transposed(importer *im, const float *w, size_t in, size_t out, float scale) {
    float *t = import_floats(im, in * out, 0);
    for (size_t o = 0; t && o < out; o++)
        for (size_t i = 0; i < in; i++)
            t[o * in + i] = scale * w[i * out + o];
    return t;
}

static const float *scaled(importer *im, const float *w, size_t n, float scale) {
    if (scale == 1) return w;
    float *out = import_floats(im, n, 0);
    for (size_t i = 0; out && i < n; i++)
        out[i] = scale * w[i];
    return out;
}

/* y = W x + b, W [out][in]; `value` is what it gives. */
static status add_linear(importer *im, const onnx_node *n, size_t in, size_t out, const float *w,
                         const float *bias, int value, err *e) {
    if (!w) return err_set(e, STATUS_NO_MEMORY, "no memory for weights");
    layer_config c = {.out = (int)out, .bias = bias != NULL};
    import_name_after(im, n, 1);
    int from = import_map(im, n->inputs[0], (shape){1, 1, (int)in});
    int node = import_add_one(im, "linear", &c, from);
    import_param(im, node, 0, w, in * out);
    if (bias) import_param(im, node, 1, bias, out);
    import_give(im, n, node);
    im->carriers[value] = im->carriers[n->outputs[0]];
    return STATUS_OK;
}

/* Whether the first input is one row of `in` numbers and the second a constant matrix. */
static status check_operands(importer *im, const onnx_node *n, const onnx_tensor *x, const onnx_tensor *w,
                             int64_t in, err *e) {
    if (!import_depends(im, n, 0) || !w || w->rank != 2 || !w->floats)
        return import_refuse(im, e, "only an image's vector times a constant matrix is supported");
    if (x->n != (size_t)in || x->dims[x->rank - 1] != in)
        return import_refuse(im, e, "its input is more than one vector of %lld numbers", (long long)in);
    return STATUS_OK;
}

/* beta * C for each output; *bias NULL: none. */
static status gemm_bias(importer *im, const onnx_node *n, size_t out, const float **bias, err *e) {
    const onnx_tensor *c = import_tensor(im, n, 2);
    float beta = onnx_float(n, "beta", 1);
    *bias = NULL;
    if (!c) return STATUS_OK;
    if (import_depends(im, n, 2) || !c->floats || (c->n != out && c->n != 1))
        return import_refuse(im, e, "what it adds is not a constant for each of %zu outputs", out);
    float *values = import_floats(im, out, 0);
    if (!values) return err_set(e, STATUS_NO_MEMORY, "no memory for weights");
    for (size_t i = 0; i < out; i++)
        values[i] = beta * c->floats[c->n == 1 ? 0 : i];
    *bias = values;
    return STATUS_OK;
}

status lower_gemm(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *x = import_tensor(im, n, 0), *w = import_constant(im, n, 1);
    bool transposes = onnx_int(n, "transB", 0) != 0;
    float alpha = onnx_float(n, "alpha", 1);
    if (onnx_int(n, "transA", 0)) return import_refuse(im, e, "transA is not supported");
    int64_t in = w && w->rank == 2 ? w->dims[transposes] : 0;
    const float *bias = NULL;
    status s = check_operands(im, n, x, w, in, e);
    if (s != STATUS_OK) return s;
    size_t out = (size_t)w->dims[!transposes];
    s = gemm_bias(im, n, out, &bias, e);
    if (s != STATUS_OK) return s;
    int given = n->outputs[0];
    if (!bias) bias = import_take_bias(im, n, (int)out, &given);
    const float *matrix =
        transposes ? scaled(im, w->floats, w->n, alpha) : transposed(im, w->floats, (size_t)in, out, alpha);
    return add_linear(im, n, (size_t)in, out, matrix, bias, given, e);
}

status lower_matmul(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *x = import_tensor(im, n, 0), *w = import_constant(im, n, 1);
    status s = check_operands(im, n, x, w, w && w->rank == 2 ? w->dims[0] : 0, e);
    if (s != STATUS_OK) return s;
    size_t in = (size_t)w->dims[0], out = (size_t)w->dims[1];
    int given = n->outputs[0];
    const float *bias = import_take_bias(im, n, (int)out, &given);
    return add_linear(im, n, in, out, transposed(im, w->floats, in, out, 1), bias, given, e);
}
