/* The layers that have bounds: affine ones as taps (inputs and weights of one output value), monotone ones as functions. */
#include <math.h>
#include <string.h>

#include "attacks/certify/bounds_internal.h"

/* Direct convolution obeys the bound of a sum of products. Winograd's transforms, which 3 x 3 and 5 x 5 kernels of stride 1 may take, lose a few
 * bits more: this covers them with room (tests/attacks/test_certify.c). */
enum { WINOGRAD_LOSS = 16 };

/* |computed - exact| <= gamma * sum |products|, with a few roundings more for biases, folded batch norms and scales. Higham and Mary 2019:
 * roundings are as good as independent, so that gamma grows as the root of their number; 4 standard deviations. The worst case, in
 * which all go one way, is sqrt(products) / 4 times as much and would cost certificates of images whose margin nothing of this size threatens. */
static double gamma_of(int products) {
    return 4 * sqrt(products + 8.0) * 0x1p-24;
}

static const float *param(const net *n, const weights *w, const bound_node *b, int i) {
    return i < b->node->n_params ? w->data + n->params[b->node->params[i]].offset : NULL;
}

static double *doubles(arena *memory, size_t n) {
    return arena_array(memory, n, sizeof(double));
}

static status no_memory(const bound_node *b, err *e) {
    return err_set(e, STATUS_NO_MEMORY, "%s: no memory for bounds", b->node->name);
}

/* Biases of `channels` values; none where `bias` is NULL. */
static status set_bias(bound_node *b, const float *bias, arena *memory, err *e) {
    if (!bias) return STATUS_OK;
    double *value = doubles(memory, (size_t)b->out.c), *size = doubles(memory, (size_t)b->out.c);
    if (!value || !size) return no_memory(b, e);
    for (int c = 0; c < b->out.c; c++) {
        value[c] = (double)bias[c];
        size[c] = fabs(value[c]);
    }
    b->bias = value;
    b->bias_size = size;
    return STATUS_OK;
}

/* y = x * scale + shift, `c` by channel. */
static status set_channels(bound_node *b, arena *memory, double **scale, double **shift, double **size,
                           err *e) {
    *scale = doubles(memory, (size_t)b->out.c);
    *shift = doubles(memory, (size_t)b->out.c);
    *size = doubles(memory, (size_t)b->out.c);
    if (!*scale || !*shift || !*size) return no_memory(b, e);
    b->weights = *scale;
    b->bias = *shift;
    b->bias_size = *size;
    b->rounding = gamma_of(1);
    return STATUS_OK;
}

/* --- one input value to one output value --- */

static void taps_same(const bound_node *b, int input, int o, taps *t) {
    (void)input;
    t->n = 1;
    t->at[0] = o;
    t->weight[0] = b->weights ? b->weights[o % b->out.c] : 1;
}

static status make_normalise(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    (void)n, (void)w;
    double *scale, *shift, *size;
    status s = set_channels(b, memory, &scale, &shift, &size, e);
    for (int c = 0; c < b->out.c && s == STATUS_OK; c++) {
        scale[c] = 1 / (double)b->node->config.std[c];
        shift[c] = -(double)b->node->config.mean[c] * scale[c];
        size[c] = fabs(shift[c]);
    }
    return s;
}

static status make_affine(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    double *scale, *shift, *size;
    const float *by = param(n, w, b, 0), *plus = param(n, w, b, 1);
    status s = set_channels(b, memory, &scale, &shift, &size, e);
    for (int c = 0; c < b->out.c && s == STATUS_OK; c++) {
        scale[c] = (double)by[c];
        shift[c] = (double)plus[c];
        size[c] = fabs(shift[c]);
    }
    return s;
}

/* Parameters: scale, shift, mean, variance. */
static status make_batch_norm(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    double *scale, *shift, *size;
    status s = set_channels(b, memory, &scale, &shift, &size, e);
    for (int c = 0; c < b->out.c && s == STATUS_OK; c++) {
        double mean = (double)param(n, w, b, 2)[c], variance = (double)param(n, w, b, 3)[c];
        double beta = (double)param(n, w, b, 1)[c];
        scale[c] = (double)param(n, w, b, 0)[c] / sqrt(variance + (double)b->node->config.eps);
        shift[c] = beta - mean * scale[c];
        size[c] = fabs(beta) + fabs(mean * scale[c]);
    }
    return s;
}

static status make_add(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    (void)n, (void)w, (void)memory, (void)e;
    b->rounding = gamma_of(b->n_inputs);
    return STATUS_OK;
}

/* --- values that move --- */

static void taps_flatten(const bound_node *b, int input, int o, taps *t) {
    shape f = b->node->flattened;
    taps_same(b, input, o, t);
    if (shape_size(f) == 0) return;
    int pixels = f.h * f.w;
    t->at[0] = o % pixels * f.c + o / pixels;
}

static void taps_concat(const bound_node *b, int input, int o, taps *t) {
    int first = 0, channel = o % b->out.c;
    for (int i = 0; i < input; i++)
        first += b->in[i].c;
    t->n = channel >= first && channel < first + b->in[input].c;
    t->at[0] = o / b->out.c * b->in[input].c + channel - first;
    t->weight[0] = 1;
}

/* --- linear and convolution --- */

static status make_linear(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    size_t in = shape_size(b->in[0]), total = in * (size_t)b->out.c;
    double *value = doubles(memory, total);
    if (!value) return no_memory(b, e);
    for (size_t i = 0; i < total; i++)
        value[i] = (double)param(n, w, b, 0)[i];
    b->weights = value;
    b->most_taps = (int)in;
    b->rounding = gamma_of((int)in);
    return set_bias(b, param(n, w, b, 1), memory, e);
}

static void taps_linear(const bound_node *b, int input, int o, taps *t) {
    (void)input;
    t->n = b->most_taps;
    for (int i = 0; i < t->n; i++)
        t->at[i] = i;
    memcpy(t->weight, b->weights + (size_t)o * (size_t)t->n, (size_t)t->n * sizeof(double));
}

static bool winograd_may(const layer_config *c) {
    bool square = c->kernel[0] == c->kernel[1] && (c->kernel[0] == 3 || c->kernel[0] == 5);
    return square && c->stride[0] == 1 && c->stride[1] == 1;
}

/* Weights come as [kernel rows][columns][in][out] and are kept as [out][rows][columns][in]. */
static status make_conv(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    const layer_config *c = &b->node->config;
    size_t out = (size_t)b->out.c, each = (size_t)(c->kernel[0] * c->kernel[1] * (b->in[0].c / c->groups));
    double *value = doubles(memory, out * each);
    if (!value) return no_memory(b, e);
    for (size_t i = 0; i < each; i++)
        for (size_t o = 0; o < out; o++)
            value[o * each + i] = (double)param(n, w, b, 0)[i * out + o];
    b->weights = value;
    b->most_taps = (int)each;
    b->rounding = gamma_of((int)each) * (winograd_may(c) ? WINOGRAD_LOSS : 1);
    return set_bias(b, param(n, w, b, 1), memory, e);
}

static void taps_conv(const bound_node *b, int input, int o, taps *t) {
    const layer_config *c = &b->node->config;
    shape in = b->in[input];
    int depth = in.c / c->groups, channel = o % b->out.c, pixel = o / b->out.c;
    int top = pixel / b->out.w * c->stride[0] - c->pad[0], left = pixel % b->out.w * c->stride[1] - c->pad[1];
    int first = channel / (b->out.c / c->groups) * depth;
    const double *weight = b->weights + (size_t)channel * (size_t)b->most_taps;
    t->n = 0;
    for (int ky = 0; ky < c->kernel[0]; ky++)
        for (int kx = 0; kx < c->kernel[1]; kx++, weight += depth) {
            int y = top + ky * c->dilation[0], x = left + kx * c->dilation[1];
            if (y < 0 || y >= in.h || x < 0 || x >= in.w) continue;
            int at = (y * in.w + x) * in.c + first;
            for (int k = 0; k < depth; k++, t->n++) {
                t->at[t->n] = at + k;
                t->weight[t->n] = weight[k];
            }
        }
}

/* --- pooling --- */

/* The part of a window that lies on the map. `count`: of its values with padding (not what ceil mode adds beyond that). */
static void window(const bound_node *b, int o, taps *t, int *count) {
    const layer_config *c = &b->node->config;
    shape in = b->in[0];
    int channel = o % b->out.c, pixel = o / b->out.c;
    int top = pixel / b->out.w * c->stride[0] - c->pad[0], left = pixel % b->out.w * c->stride[1] - c->pad[1];
    int rows = 0, columns = 0;
    t->n = 0;
    for (int ky = 0; ky < c->kernel[0]; ky++) {
        int y = top + ky * c->dilation[0];
        rows += y < in.h + c->pad[2];
        for (int kx = 0; kx < c->kernel[1]; kx++) {
            int x = left + kx * c->dilation[1];
            columns += ky == 0 && x < in.w + c->pad[3];
            if (y >= 0 && y < in.h && x >= 0 && x < in.w) t->at[t->n++] = (y * in.w + x) * in.c + channel;
        }
    }
    *count = rows * columns;
}

static status make_pool(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    (void)n, (void)w, (void)memory, (void)e;
    b->most_taps = b->node->config.kernel[0] * b->node->config.kernel[1];
    b->rounding = b->op->kind == BOUND_MAX ? 0 : gamma_of(b->most_taps);
    return STATUS_OK;
}

static void taps_max_pool(const bound_node *b, int input, int o, taps *t) {
    (void)input;
    int count;
    window(b, o, t, &count);
}

static void taps_avg_pool(const bound_node *b, int input, int o, taps *t) {
    (void)input;
    int count;
    window(b, o, t, &count);
    if (!b->node->config.count_include_pad) count = t->n;
    for (int k = 0; k < t->n; k++)
        t->weight[k] = 1.0 / count;
}

static status make_global(const net *n, const weights *w, bound_node *b, arena *memory, err *e) {
    (void)n, (void)w, (void)memory, (void)e;
    b->most_taps = b->in[0].h * b->in[0].w;
    b->rounding = b->op->kind == BOUND_MAX ? 0 : gamma_of(b->most_taps);
    return STATUS_OK;
}

static void taps_global(const bound_node *b, int input, int o, taps *t) {
    (void)input;
    t->n = b->most_taps;
    for (int k = 0; k < t->n; k++) {
        t->at[k] = k * b->in[0].c + o;
        t->weight[k] = 1.0 / t->n;
    }
}

/* --- functions that do not fall --- */

static double steepest_one(const layer_config *c) {
    (void)c;
    return 1;
}

static double value_relu6(const layer_config *c, double x) {
    (void)c;
    return fmin(fmax(x, 0), 6);
}

static double value_clip(const layer_config *c, double x) {
    return fmin(fmax(x, (double)c->low), (double)c->high);
}

static double value_sigmoid(const layer_config *c, double x) {
    (void)c;
    return 1 / (1 + exp(-x));
}

static double value_tanh(const layer_config *c, double x) {
    (void)c;
    return tanh(x);
}

static double value_leaky(const layer_config *c, double x) {
    return x > 0 ? x : (double)c->rate * x;
}

static double steepest_leaky(const layer_config *c) {
    return fmax(1, (double)c->rate);
}

static const bound_op ops[] = {
    {.layer = "conv2d", .kind = BOUND_AFFINE, .make = make_conv, .taps = taps_conv},
    {.layer = "linear", .kind = BOUND_AFFINE, .make = make_linear, .taps = taps_linear},
    {.layer = "batch_norm", .kind = BOUND_AFFINE, .single = true, .make = make_batch_norm, .taps = taps_same},
    {.layer = "normalise", .kind = BOUND_AFFINE, .single = true, .make = make_normalise, .taps = taps_same},
    {.layer = "affine", .kind = BOUND_AFFINE, .single = true, .make = make_affine, .taps = taps_same},
    {.layer = "flatten", .kind = BOUND_AFFINE, .single = true, .taps = taps_flatten},
    {.layer = "dropout", .kind = BOUND_AFFINE, .single = true, .taps = taps_same},
    {.layer = "dropout2d", .kind = BOUND_AFFINE, .single = true, .taps = taps_same},
    {.layer = "drop_path", .kind = BOUND_AFFINE, .single = true, .taps = taps_same},
    {.layer = "add", .kind = BOUND_AFFINE, .make = make_add, .taps = taps_same},
    {.layer = "concat", .kind = BOUND_AFFINE, .taps = taps_concat},
    {.layer = "avg_pool2d", .kind = BOUND_AFFINE, .make = make_pool, .taps = taps_avg_pool},
    {.layer = "global_avg_pool", .kind = BOUND_AFFINE, .make = make_global, .taps = taps_global},
    {.layer = "max_pool2d", .kind = BOUND_MAX, .make = make_pool, .taps = taps_max_pool},
    {.layer = "global_max_pool", .kind = BOUND_MAX, .make = make_global, .taps = taps_global},
    {.layer = "relu", .kind = BOUND_RELU},
    {.layer = "relu6", .kind = BOUND_MONOTONE, .value = value_relu6, .steepest = steepest_one},
    {.layer = "clip", .kind = BOUND_MONOTONE, .value = value_clip, .steepest = steepest_one},
    {.layer = "sigmoid", .kind = BOUND_MONOTONE, .value = value_sigmoid, .steepest = steepest_one},
    {.layer = "tanh", .kind = BOUND_MONOTONE, .value = value_tanh, .steepest = steepest_one},
    {.layer = "leaky_relu", .kind = BOUND_MONOTONE, .value = value_leaky, .steepest = steepest_leaky},
};

const bound_op *bound_op_find(const char *name) {
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i].layer, name) == 0) return &ops[i];
    return NULL;
}
