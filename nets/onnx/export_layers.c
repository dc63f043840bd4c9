/* Layers that compute, as ONNX operators. */
#include <string.h>

#include "nets/batch_norm_internal.h"
#include "nets/onnx/export_internal.h"

static exported conv2d(exporter *x, const net_node *node) {
    const layer_config *c = &node->config;
    int inputs[3] = {export_input(x, node, 0, 4), export_param(x, node, 0), 0};
    if (c->bias) inputs[2] = export_param(x, node, 1);
    const onnx_attribute attributes[] = {
        export_list(x, "kernel_shape", 2, (const int64_t[]){c->kernel[0], c->kernel[1]}),
        export_list(x, "strides", 2, (const int64_t[]){c->stride[0], c->stride[1]}),
        export_list(x, "dilations", 2, (const int64_t[]){c->dilation[0], c->dilation[1]}),
        export_list(x, "pads", 4, (const int64_t[]){c->pad[0], c->pad[1], c->pad[2], c->pad[3]}),
        export_int("group", c->groups)};
    return (exported){export_op(x, "Conv", c->bias ? 3 : 2, inputs, 5, attributes), 4};
}

static exported linear(exporter *x, const net_node *node) {
    int inputs[3] = {export_input(x, node, 0, 2), export_param(x, node, 0), 0};
    if (node->config.bias) inputs[2] = export_param(x, node, 1);
    const onnx_attribute transposed = export_int("transB", 1);
    return (exported){export_op(x, "Gemm", node->config.bias ? 3 : 2, inputs, 1, &transposed), 2};
}

static int end_padding(int length, int out, int before, int window, int stride) {
    return (out - 1) * stride + window - length - before;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* What ceil mode adds at the end is written as padding: runtimes disagree about ceil mode itself. Where padding counts in an average the two
 * differ, and the mode stays. */
static exported pool(exporter *x, const net_node *node) {
    const layer_config *c = &node->config;
    shape in = x->net->nodes[node->inputs[0]].out, out = node->out;
    bool max = !strcmp(node->op->name, "max_pool2d"),
         ceil_mode = c->ceil_mode && !max && c->count_include_pad;
    int window[2] = {c->dilation[0] * (c->kernel[0] - 1) + 1, c->dilation[1] * (c->kernel[1] - 1) + 1};
    int bottom = c->pad[2], right = c->pad[3];
    if (c->ceil_mode && !ceil_mode) {
        bottom = larger(bottom, end_padding(in.h, out.h, c->pad[0], window[0], c->stride[0]));
        right = larger(right, end_padding(in.w, out.w, c->pad[1], window[1], c->stride[1]));
    }
    const onnx_attribute attributes[] = {
        export_list(x, "kernel_shape", 2, (const int64_t[]){c->kernel[0], c->kernel[1]}),
        export_list(x, "strides", 2, (const int64_t[]){c->stride[0], c->stride[1]}),
        export_list(x, "pads", 4, (const int64_t[]){c->pad[0], c->pad[1], bottom, right}),
        export_int("ceil_mode", ceil_mode),
        max ? export_list(x, "dilations", 2, (const int64_t[]){c->dilation[0], c->dilation[1]})
            : export_int("count_include_pad", c->count_include_pad)};
    int from = export_input(x, node, 0, 4);
    return (exported){export_op(x, max ? "MaxPool" : "AveragePool", 1, &from, 5, attributes), 4};
}

static exported global_pool(exporter *x, const net_node *node) {
    bool max = !strcmp(node->op->name, "global_max_pool");
    return (exported){export_op1(x, max ? "GlobalMaxPool" : "GlobalAveragePool", export_input(x, node, 0, 4)),
                      4};
}

static exported batch_norm(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0);
    int inputs[1 + NORM_PARAMS] = {export_input(x, node, 0, rank)};
    for (int i = 0; i < NORM_PARAMS; i++)
        inputs[1 + i] = export_param(x, node, i);
    const onnx_attribute eps = export_real("epsilon", node->config.eps);
    return (exported){export_op(x, "BatchNormalization", 1 + NORM_PARAMS, inputs, 1, &eps), rank};
}

static int scaled_and_shifted(exporter *x, const net_node *node, int from, int rank) {
    const int64_t dims[] = {1, node->out.c, 1, 1};
    int product = export_op2(x, "Mul", from, export_param_as(x, node, 0, rank, dims));
    return export_op2(x, "Add", product, export_param_as(x, node, 1, rank, dims));
}

/* Groups of channels as the channels of an instance normalisation. */
static exported group_norm(exporter *x, const net_node *node) {
    int groups = node->config.groups;
    const int64_t apart[] = {0, groups, -1}, together[] = {0, node->out.c, node->out.h, node->out.w},
                  each[] = {groups};
    float *constants = arena_array(&x->g->memory, 2 * (size_t)groups, sizeof *constants);
    if (!constants) {
        x->failed = true;
        return (exported){0, 4};
    }
    for (int i = 0; i < groups; i++)
        constants[i] = 1;
    int inputs[3] = {export_op2(x, "Reshape", export_input(x, node, 0, 4), export_ints(x, 3, apart)),
                     export_floats(x, 1, each, constants), export_floats(x, 1, each, constants + groups)};
    const onnx_attribute eps = export_real("epsilon", node->config.eps);
    int normal = export_op(x, "InstanceNormalization", 3, inputs, 1, &eps);
    normal = export_op2(x, "Reshape", normal, export_ints(x, 4, together));
    return (exported){scaled_and_shifted(x, node, normal, 4), 4};
}

static exported affine(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0);
    return (exported){scaled_and_shifted(x, node, export_input(x, node, 0, rank), rank), rank};
}

static exported normalise(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), channels = node->out.c;
    int centred = export_op2(x, "Sub", export_input(x, node, 0, rank),
                             export_channels(x, rank, channels, node->config.mean));
    return (exported){export_op2(x, "Div", centred, export_channels(x, rank, channels, node->config.std)),
                      rank};
}

static exported plain(exporter *x, const net_node *node) {
    static const struct {
        const char *layer, *op;
    } ops[] = {{"relu", "Relu"}, {"sigmoid", "Sigmoid"}, {"tanh", "Tanh"}, {"erf", "Erf"}};
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
        if (!strcmp(node->op->name, ops[k].layer)) return (exported){export_op1(x, ops[k].op, from), rank};
    return (exported){from, rank};
}

static exported sloped(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    const onnx_attribute alpha = export_real("alpha", node->config.rate);
    const char *op = !strcmp(node->op->name, "leaky_relu") ? "LeakyRelu" : "Elu";
    return (exported){export_op(x, op, 1, &from, 1, &alpha), rank};
}

static int hard_sigmoid_of(exporter *x, int from, float slope) {
    const onnx_attribute attributes[] = {export_real("alpha", slope), export_real("beta", .5F)};
    return export_op(x, "HardSigmoid", 1, &from, 2, attributes);
}

static exported hard_sigmoid(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0);
    return (exported){hard_sigmoid_of(x, export_input(x, node, 0, rank), node->config.rate), rank};
}

static exported hardswish(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    return (exported){export_op2(x, "Mul", from, hard_sigmoid_of(x, from, 1.F / 6)), rank};
}

static exported silu(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    return (exported){export_op2(x, "Mul", from, export_op1(x, "Sigmoid", from)), rank};
}

/* x / 2 * (1 + erf(x / sqrt 2)) */
static exported gelu(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    int erf = export_op1(x, "Erf", export_op2(x, "Mul", from, export_number(x, .70710678F)));
    int gate = export_op2(x, "Mul", export_op2(x, "Add", erf, export_number(x, 1)), export_number(x, .5F));
    return (exported){export_op2(x, "Mul", from, gate), rank};
}

static exported clip(exporter *x, const net_node *node) {
    bool six = !strcmp(node->op->name, "relu6");
    int rank = export_rank(x, node, 0);
    const int inputs[] = {export_input(x, node, 0, rank), export_number(x, six ? 0 : node->config.low),
                          export_number(x, six ? 6 : node->config.high)};
    return (exported){export_op(x, "Clip", 3, inputs, 0, NULL), rank};
}

static exported prelu(exporter *x, const net_node *node) {
    const int64_t dims[] = {node->out.c, 1, 1};
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    return (exported){export_op2(x, "PRelu", from, export_param_as(x, node, 0, rank - 1, dims)), rank};
}

static exported softmax(exporter *x, const net_node *node) {
    int rank = export_rank(x, node, 0), from = export_input(x, node, 0, rank);
    const onnx_attribute axis = export_int("axis", 1);
    return (exported){export_op(x, "Softmax", 1, &from, 1, &axis), rank};
}

static exported lrn(exporter *x, const net_node *node) {
    const layer_config *c = &node->config;
    int from = export_input(x, node, 0, 4);
    const onnx_attribute attributes[] = {export_int("size", c->lrn_size), export_real("alpha", c->lrn_alpha),
                                         export_real("beta", c->lrn_beta), export_real("bias", c->lrn_bias)};
    return (exported){export_op(x, "LRN", 1, &from, 4, attributes), 4};
}

export_function *export_find(const char *name) {
    static const struct {
        const char *layer;
        export_function *f;
    } rules[] = {
        {"conv2d", conv2d},
        {"linear", linear},
        {"max_pool2d", pool},
        {"avg_pool2d", pool},
        {"global_avg_pool", global_pool},
        {"global_max_pool", global_pool},
        {"batch_norm", batch_norm},
        {"group_norm", group_norm},
        {"affine", affine},
        {"normalise", normalise},
        {"relu", plain},
        {"sigmoid", plain},
        {"tanh", plain},
        {"erf", plain},
        {"leaky_relu", sloped},
        {"elu", sloped},
        {"hard_sigmoid", hard_sigmoid},
        {"hardswish", hardswish},
        {"silu", silu},
        {"gelu", gelu},
        {"clip", clip},
        {"relu6", clip},
        {"prelu", prelu},
        {"softmax", softmax},
        {"lrn", lrn},
        {"add", export_add},
        {"mul", export_mul},
        {"concat", export_concat},
        {"flatten", export_flatten},
        {"dropout", export_same},
        {"dropout2d", export_same},
        {"drop_path", export_same},
        {"pad", export_pad},
        {"slice", export_slice},
        {"permute", export_permute},
        {"resize", export_resize},
        {"channels", export_pick},
    };
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        if (!strcmp(rules[k].layer, name)) return rules[k].f;
    return NULL;
}
