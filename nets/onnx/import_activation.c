/* Functions of single values. */
#include <math.h>
#include <string.h>

#include "nets/onnx/import_internal.h"

/* The layer's bounds must be finite in a model file. */
static const float unbounded = 1e30F;

static void give_elementwise(importer *im, const onnx_node *n, const char *op, const layer_config *c) {
    int from = import_any(im, n->inputs[0]);
    import_give_alike(im, n, import_add_one(im, op, c, from));
}

status lower_activation(importer *im, const onnx_node *n, err *e) {
    static const struct {
        const char *op, *layer;
    } layers[] = {{"Relu", "relu"},
                  {"Sigmoid", "sigmoid"},
                  {"Tanh", "tanh"},
                  {"HardSwish", "hardswish"},
                  {"Erf", "erf"}};
    (void)e;
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
        if (!strcmp(n->op, layers[k].op)) give_elementwise(im, n, layers[k].layer, NULL);
    return STATUS_OK;
}

/* A slope of 0 is a rectifier: our layers take it for "not given". */
status lower_sloped(importer *im, const onnx_node *n, err *e) {
    bool leaky = !strcmp(n->op, "LeakyRelu");
    layer_config c = {.rate = onnx_float(n, "alpha", leaky ? .01F : 1)};
    (void)e;
    give_elementwise(im, n, c.rate == 0 ? "relu" : leaky ? "leaky_relu" : "elu", &c);
    return STATUS_OK;
}

status lower_hard_sigmoid(importer *im, const onnx_node *n, err *e) {
    float alpha = onnx_float(n, "alpha", .2F), beta = onnx_float(n, "beta", .5F);
    if (!isfinite(alpha) || !isfinite(beta)) return import_refuse(im, e, "its slope is not a number");
    if (beta == .5F) {
        give_elementwise(im, n, "hard_sigmoid", &(layer_config){.rate = alpha});
        return STATUS_OK;
    }
    int from = import_any(im, n->inputs[0]);
    size_t channels = (size_t)import_node_shape(im, from).c;
    int line = import_affine(im, from, import_floats(im, channels, alpha), import_floats(im, channels, beta));
    import_give_alike(im, n, import_add_one(im, "clip", &(layer_config){.low = 0, .high = 1}, line));
    return STATUS_OK;
}

/* A bound from an attribute (opset 6) or an input (11). */
static status bound(importer *im, const onnx_node *n, const char *attribute, int input, float *value,
                    err *e) {
    const onnx_tensor *t = import_constant(im, n, input);
    float found = t && t->floats && t->n == 1 ? t->floats[0] : onnx_float(n, attribute, *value);
    if (import_depends(im, n, input) || isnan(found))
        return import_refuse(im, e, "its %s is not a constant number", attribute);
    *value = fmaxf(-unbounded, fminf(unbounded, found));
    return STATUS_OK;
}

status lower_clip(importer *im, const onnx_node *n, err *e) {
    layer_config c = {.low = -unbounded, .high = unbounded};
    status s = bound(im, n, "min", 1, &c.low, e);
    if (s == STATUS_OK) s = bound(im, n, "max", 2, &c.high, e);
    if (s != STATUS_OK) return s;
    bool rectifies = c.low == 0 && (c.high == 6 || c.high == unbounded);
    give_elementwise(im, n, !rectifies ? "clip" : c.high == 6 ? "relu6" : "relu", &c);
    return STATUS_OK;
}

/* One slope, or one per channel: of shape C x 1 x 1 in PyTorch's exports, [C] for vectors. */
status lower_prelu(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *slope = import_constant(im, n, 1), *x = import_tensor(im, n, 0);
    shape in = import_shape(x);
    int own = slope ? slope->rank - (x->rank > 1 ? x->rank - 1 : x->rank) : 0;
    bool per_channel = slope && slope->n == (size_t)in.c && own >= 0 && own < slope->rank &&
                       slope->dims[own] == in.c && x->rank > 1 && x->dims[1] == in.c;
    if (!slope || !slope->floats || (slope->n != 1 && !per_channel))
        return import_refuse(im, e, "its slope is not a constant for each channel");
    float *slopes = import_floats(im, (size_t)in.c, slope->floats[0]);
    if (!slopes) return err_set(e, STATUS_NO_MEMORY, "no memory for slopes");
    if (per_channel) memcpy(slopes, slope->floats, slope->n * sizeof *slopes);
    import_name_after(im, n, 1);
    int node = import_add_one(im, "prelu", NULL, import_map(im, n->inputs[0], in));
    import_param(im, node, 0, slopes, (size_t)in.c);
    import_give(im, n, node);
    return STATUS_OK;
}
