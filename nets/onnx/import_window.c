/* Convolutions, pools and normalisations of maps. */
#include <string.h>

#include "nets/onnx/import_internal.h"

enum { MOST_EXTENT = 1 << 12 };

/* Two integers of an attribute, 1 where it is missing. */
static status pair(importer *im, const onnx_node *n, const char *name, int out[2], err *e) {
    const onnx_attribute *a = onnx_attribute_find(n, name);
    out[0] = out[1] = 1;
    if (!a) return STATUS_OK;
    if (a->kind != ONNX_ATTRIBUTE_INTS || a->n != 2)
        return import_refuse(im, e, "'%s' has %d numbers: only two-dimensional windows are supported", name,
                             a->n);
    for (int k = 0; k < 2; k++) {
        if (a->ints[k] < 1 || a->ints[k] > MOST_EXTENT)
            return import_refuse(im, e, "'%s' is %lld, expected 1..%d", name, (long long)a->ints[k],
                                 MOST_EXTENT);
        out[k] = (int)a->ints[k];
    }
    return STATUS_OK;
}

static status explicit_padding(importer *im, const onnx_node *n, int pad[4], err *e) {
    const onnx_attribute *a = onnx_attribute_find(n, "pads");
    if (!a) return STATUS_OK;
    if (a->kind != ONNX_ATTRIBUTE_INTS || a->n != 4)
        return import_refuse(im, e, "'pads' has %d numbers, expected 4", a->n);
    for (int k = 0; k < 4; k++) {
        if (a->ints[k] < 0 || a->ints[k] > MOST_EXTENT)
            return import_refuse(im, e, "a padding of %lld, expected 0..%d", (long long)a->ints[k],
                                 MOST_EXTENT);
        pad[k] = (int)a->ints[k];
    }
    return STATUS_OK;
}

/* SAME: as much padding as makes the output ceil(input / stride) long; an odd one goes behind (UPPER) or before (LOWER). */
static void same_padding(const int length[2], bool lower, layer_config *c) {
    for (int k = 0; k < 2; k++) {
        int windows = (length[k] + c->stride[k] - 1) / c->stride[k];
        int all = (windows - 1) * c->stride[k] + (c->kernel[k] - 1) * c->dilation[k] + 1 - length[k];
        all = all > 0 ? all : 0;
        c->pad[k] = lower ? all - all / 2 : all / 2;
        c->pad[2 + k] = all - c->pad[k];
    }
}

status import_window(importer *im, const onnx_node *n, const int64_t *kernel, shape in, layer_config *c,
                     err *e) {
    status s = pair(im, n, "strides", c->stride, e);
    if (s == STATUS_OK) s = pair(im, n, "dilations", c->dilation, e);
    if (s == STATUS_OK && !kernel) s = pair(im, n, "kernel_shape", c->kernel, e);
    for (int k = 0; k < 2 && kernel && s == STATUS_OK; k++) {
        if (kernel[k] < 1 || kernel[k] > MOST_EXTENT)
            s = import_refuse(im, e, "a kernel of %lld, expected 1..%d", (long long)kernel[k], MOST_EXTENT);
        c->kernel[k] = (int)kernel[k];
    }
    if (s != STATUS_OK) return s;
    const char *automatic = onnx_string(n, "auto_pad", "NOTSET");
    if (!strcmp(automatic, "NOTSET")) return explicit_padding(im, n, c->pad, e);
    if (!strcmp(automatic, "VALID")) return STATUS_OK;
    bool lower = !strcmp(automatic, "SAME_LOWER");
    if (!lower && strcmp(automatic, "SAME_UPPER"))
        return import_refuse(im, e, "auto_pad '%.20s' is unknown", automatic);
    same_padding((const int[]){in.h, in.w}, lower, c);
    return STATUS_OK;
}

/* The input of a node that takes N x C x H x W, as one image's map. */
static status map_of(importer *im, const onnx_node *n, shape *out, err *e) {
    const onnx_tensor *t = import_tensor(im, n, 0);
    *out = import_shape(t);
    if (t->rank != 4)
        return import_refuse(im, e, "its input has %d dimensions, only 4 are supported", t->rank);
    return STATUS_OK;
}

status lower_conv(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *w = import_constant(im, n, 1), *b = import_constant(im, n, 2);
    layer_config c = {0};
    shape in;
    status s = map_of(im, n, &in, e);
    if (s == STATUS_OK && (!w || w->rank != 4 || !w->floats || import_depends(im, n, 2)))
        s = import_refuse(im, e, "its weights are not constant numbers of 4 dimensions");
    if (s == STATUS_OK) s = import_window(im, n, w->dims + 2, in, &c, e);
    if (s != STATUS_OK) return s;
    int64_t groups = onnx_int(n, "group", 1);
    if (groups < 1 || w->dims[1] * groups != in.c || w->dims[0] % groups)
        return import_refuse(im, e, "%lld groups, weights for %lld channels each, an input of %d",
                             (long long)groups, (long long)w->dims[1], in.c);
    int given = n->outputs[0];
    const float *bias = b ? b->floats : import_take_bias(im, n, (int)w->dims[0], &given);
    c.groups = (int)groups;
    c.out = (int)w->dims[0];
    c.bias = bias != NULL;
    import_name_after(im, n, 1);
    int from = import_map(im, n->inputs[0], in);
    int node = import_add_one(im, "conv2d", &c, from);
    import_param(im, node, 0, w->floats, w->n);
    if (bias) import_param(im, node, 1, bias, (size_t)c.out);
    import_give(im, n, node);
    im->carriers[given] = im->carriers[n->outputs[0]];
    return STATUS_OK;
}

status lower_batch_norm(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *x = import_tensor(im, n, 0);
    shape in = import_shape(x);
    layer_config c = {.eps = onnx_float(n, "epsilon", 1e-5F), .momentum = .1F};
    if (onnx_int(n, "training_mode", 0) || !onnx_int(n, "spatial", 1))
        return import_refuse(im, e, "normalisation in training mode or per position");
    if (x->rank < 2 || x->dims[0] != 1 || x->dims[1] != in.c)
        return import_refuse(im, e, "its input is not one image of %d channels", in.c);
    for (int k = 1; k < 5; k++) {
        const onnx_tensor *t = import_constant(im, n, k);
        if (!t || !t->floats || t->n != (size_t)in.c)
            return import_refuse(im, e, "input %d is not a constant number for each of %d channels", k, in.c);
    }
    import_name_after(im, n, 1);
    int node = import_add_one(im, "batch_norm", &c, import_map(im, n->inputs[0], in));
    for (int k = 1; k < 5; k++)
        import_param(im, node, k - 1, import_constant(im, n, k)->floats, (size_t)in.c);
    import_give(im, n, node);
    return STATUS_OK;
}

/* A group norm whose groups are single channels. */
status lower_instance_norm(importer *im, const onnx_node *n, err *e) {
    const onnx_tensor *x = import_tensor(im, n, 0);
    const onnx_tensor *scale = import_constant(im, n, 1), *shift = import_constant(im, n, 2);
    shape in = import_shape(x);
    layer_config c = {.groups = in.c, .eps = onnx_float(n, "epsilon", 1e-5F)};
    if (x->rank < 3 || x->dims[0] != 1 || x->dims[1] != in.c || !scale || !shift || !scale->floats ||
        !shift->floats || scale->n != (size_t)in.c || shift->n != (size_t)in.c)
        return import_refuse(im, e, "its scale and shift are not constants for each of %d channels", in.c);
    import_name_after(im, n, 1);
    int node = import_add_one(im, "group_norm", &c, import_map(im, n->inputs[0], in));
    import_param(im, node, 0, scale->floats, scale->n);
    import_param(im, node, 1, shift->floats, shift->n);
    import_give(im, n, node);
    return STATUS_OK;
}

status lower_lrn(importer *im, const onnx_node *n, err *e) {
    shape in;
    status s = map_of(im, n, &in, e);
    if (s != STATUS_OK) return s;
    int64_t size = onnx_int(n, "size", 0);
    if (size < 1 || size > MOST_EXTENT) return import_refuse(im, e, "a size of %lld", (long long)size);
    layer_config c = {.lrn_size = (int)size,
                      .lrn_alpha = onnx_float(n, "alpha", 1e-4F),
                      .lrn_beta = onnx_float(n, "beta", .75F),
                      .lrn_bias = onnx_float(n, "bias", 1)};
    import_give(im, n, import_add_one(im, "lrn", &c, import_map(im, n->inputs[0], in)));
    return STATUS_OK;
}

status lower_pool(importer *im, const onnx_node *n, err *e) {
    bool max = !strcmp(n->op, "MaxPool");
    layer_config c = {.ceil_mode = onnx_int(n, "ceil_mode", 0) != 0,
                      .count_include_pad = onnx_int(n, "count_include_pad", 0) != 0};
    shape in;
    status s = map_of(im, n, &in, e);
    if (s == STATUS_OK && n->n_outputs > 1 && n->outputs[1] >= 0 && im->readers[n->outputs[1]])
        s = import_refuse(im, e, "the indices of the maxima are read");
    if (s == STATUS_OK) s = import_window(im, n, NULL, in, &c, e);
    if (s == STATUS_OK && !max && (c.dilation[0] > 1 || c.dilation[1] > 1))
        s = import_refuse(im, e, "a dilated average");
    if (s != STATUS_OK) return s;
    import_give(im, n,
                import_add_one(im, max ? "max_pool2d" : "avg_pool2d", &c, import_map(im, n->inputs[0], in)));
    return STATUS_OK;
}

status lower_global_pool(importer *im, const onnx_node *n, err *e) {
    shape in;
    status s = map_of(im, n, &in, e);
    if (s != STATUS_OK) return s;
    const char *op = !strcmp(n->op, "GlobalMaxPool") ? "global_max_pool" : "global_avg_pool";
    import_give(im, n, import_add_one(im, op, NULL, import_map(im, n->inputs[0], in)));
    return STATUS_OK;
}
