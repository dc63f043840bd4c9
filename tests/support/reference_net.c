#include "tests/support/reference_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/layer_internal.h"
#include "tests/support/reference_internal.h"

static double conv_at(const reference_view *v, const double *x, int i, int y, int col, int o) {
    const layer_config *c = v->c;
    int cin = v->in.c / c->groups, first = o / (v->out.c / c->groups) * cin;
    double sum = c->bias ? v->params[1][o] : 0;
    for (int ky = 0; ky < c->kernel[0]; ky++)
        for (int kx = 0; kx < c->kernel[1]; kx++)
            for (int k = 0; k < cin; k++)
                sum += v->params[0][((ky * c->kernel[1] + kx) * cin + k) * v->out.c + o] *
                       reference_at(x, v->in, i, y * c->stride[0] - c->pad[0] + ky * c->dilation[0],
                                    col * c->stride[1] - c->pad[1] + kx * c->dilation[1], first + k);
    return sum;
}

static double linear_at(const reference_view *v, const double *x, int i, int y, int col, int o) {
    (void)y, (void)col;
    double sum = v->c->bias ? v->params[1][o] : 0;
    for (int k = 0; k < v->in.c; k++)
        sum += v->params[0][(size_t)o * (size_t)v->in.c + (size_t)k] *
               x[(size_t)i * (size_t)v->in.c + (size_t)k];
    return sum;
}

static double pool_at(const reference_view *v, const double *x, int i, int y, int col, int ch, bool max) {
    const layer_config *c = v->c;
    int top = y * c->stride[0] - c->pad[0], left = col * c->stride[1] - c->pad[1], real = 0, padded = 0;
    double best = -INFINITY, sum = 0;
    for (int iy = top; iy < top + c->dilation[0] * c->kernel[0]; iy += c->dilation[0])
        for (int ix = left; ix < left + c->dilation[1] * c->kernel[1]; ix += c->dilation[1]) {
            padded += iy < v->in.h + c->pad[2] && ix < v->in.w + c->pad[3];
            if (iy < 0 || iy >= v->in.h || ix < 0 || ix >= v->in.w) continue;
            real++;
            sum += reference_at(x, v->in, i, iy, ix, ch);
            best = fmax(best, reference_at(x, v->in, i, iy, ix, ch));
        }
    return max ? best : sum / (c->count_include_pad ? padded : real);
}

static double global_at(const reference_view *v, const double *x, int i, int ch, bool max) {
    double best = -INFINITY, sum = 0;
    for (int y = 0; y < v->in.h; y++)
        for (int col = 0; col < v->in.w; col++) {
            sum += reference_at(x, v->in, i, y, col, ch);
            best = fmax(best, reference_at(x, v->in, i, y, col, ch));
        }
    return max ? best : sum / (v->in.h * v->in.w);
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}
static double relu(double x, double rate) {
    return (void)rate, fmax(x, 0);
}
static double relu6(double x, double rate) {
    return (void)rate, fmin(fmax(x, 0), 6);
}
static double leaky_relu(double x, double rate) {
    return x > 0 ? x : rate * x;
}
static double elu(double x, double rate) {
    return x > 0 ? x : rate * expm1(x);
}
static double logistic(double x, double rate) {
    return (void)rate, sigmoid(x);
}
static double hyperbolic(double x, double rate) {
    return (void)rate, tanh(x);
}
static double gelu(double x, double rate) {
    return (void)rate, x * .5 * erfc(-x / sqrt(2));
}
static double silu(double x, double rate) {
    return (void)rate, x * sigmoid(x);
}
static double hard_sigmoid(double x, double rate) {
    return fmin(fmax(rate * x + .5, 0), 1);
}
static double error_function(double x, double rate) {
    return (void)rate, erf(x);
}
static double hardswish(double x, double rate) {
    return (void)rate, x * fmin(fmax(x + 3, 0), 6) / 6;
}

typedef double scalar(double x, double rate);

static const struct {
    const char *op;
    scalar *f;
} activations[] = {
    {"relu", relu},
    {"relu6", relu6},
    {"leaky_relu", leaky_relu},
    {"elu", elu},
    {"sigmoid", logistic},
    {"tanh", hyperbolic},
    {"gelu", gelu},
    {"silu", silu},
    {"hardswish", hardswish},
    {"hard_sigmoid", hard_sigmoid},
    {"erf", error_function},
};

static bool activate(const reference_view *v, const char *op, const double *x, double *y) {
    size_t n = (size_t)v->samples * shape_size(v->out);
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++) {
        if (strcmp(activations[k].op, op)) continue;
        for (size_t i = 0; i < n; i++)
            y[i] = activations[k].f(x[i], (double)v->c->rate);
        return true;
    }
    return false;
}

static void batch_norm(const reference_view *v, const double *x, double *y) {
    size_t n = (size_t)v->samples * shape_size(v->in), channels = (size_t)v->in.c;
    for (size_t c = 0; c < channels; c++) {
        double mean = v->params[2][c], variance = v->params[3][c], count = (double)(n / channels);
        if (v->mode == REFERENCE_TRAIN) {
            mean = variance = 0;
            for (size_t i = c; i < n; i += channels)
                mean += x[i] / count;
            for (size_t i = c; i < n; i += channels)
                variance += (x[i] - mean) * (x[i] - mean) / count;
        }
        for (size_t i = c; i < n; i += channels)
            y[i] = (x[i] - mean) / sqrt(variance + (double)v->c->eps) * v->params[0][c] + v->params[1][c];
    }
}

static void group_norm(const reference_view *v, const double *x, double *y) {
    size_t size = shape_size(v->in), channels = (size_t)v->in.c, width = channels / (size_t)v->c->groups;
    for (size_t first = 0; first < (size_t)v->samples * size; first += size)
        for (size_t g = 0; g < channels; g += width) {
            double count = (double)(size / channels * width), mean = 0, variance = 0;
            for (size_t i = 0; i < size; i++)
                if (i % channels / width == g / width) mean += x[first + i] / count;
            for (size_t i = 0; i < size; i++)
                if (i % channels / width == g / width)
                    variance += (x[first + i] - mean) * (x[first + i] - mean) / count;
            for (size_t i = 0; i < size; i++)
                if (i % channels / width == g / width)
                    y[first + i] = (x[first + i] - mean) / sqrt(variance + (double)v->c->eps) *
                                       v->params[0][i % channels] +
                                   v->params[1][i % channels];
        }
}

/* What is dropped at once in a sample: single values, channels, or all of it. */
static size_t units_dropped(const reference_view *v, const char *op) {
    if (!strcmp(op, "drop_path")) return 1;
    return strcmp(op, "dropout2d") ? shape_size(v->in) : (size_t)v->in.c;
}

static void dropout(const reference_view *v, const char *op, const double *x, double *y) {
    size_t size = shape_size(v->in), units = units_dropped(v, op);
    double *scale = malloc(units * sizeof *scale), kept = 1 / (1 - (double)v->c->rate);
    for (int i = 0; i < v->samples; i++) {
        rng stream = {0};
        if (v->mode != REFERENCE_EVALUATE)
            stream = rng_stream(v->seed, "dropout", (uint32_t)(v->node - v->net->nodes),
                                (uint32_t)v->context->ids[i], (uint32_t)v->context->epoch,
                                (uint32_t)v->context->step);
        for (size_t k = 0; k < units; k++)
            scale[k] = v->mode == REFERENCE_EVALUATE                                ? 1
                       : rng_u32(&stream) < ceil((double)v->c->rate * 4294967296.0) ? 0
                                                                                    : kept;
        for (size_t k = 0; k < size; k++)
            y[(size_t)i * size + k] = x[(size_t)i * size + k] * scale[k % units];
    }
    free(scale);
}

static void flatten(const reference_view *v, const double *x, double *y) {
    size_t size = shape_size(v->in), pixels = (size_t)v->in.h * (size_t)v->in.w;
    for (int i = 0; i < v->samples; i++)
        for (size_t k = 0; k < size; k++) {
            size_t from = v->node->flattened.c ? k % pixels * (size_t)v->in.c + k / pixels : k;
            y[(size_t)i * size + k] = x[(size_t)i * size + from];
        }
}

static void join(const reference_view *v, const double *const *x, bool add, double *y) {
    size_t pixels = (size_t)v->samples * (size_t)v->out.h * (size_t)v->out.w, at_channel = 0;
    memset(y, 0, pixels * (size_t)v->out.c * sizeof *y);
    for (int k = 0; k < v->node->n_inputs; k++) {
        size_t channels = (size_t)v->net->nodes[v->node->inputs[k]].out.c;
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < channels; c++)
                y[p * (size_t)v->out.c + at_channel + c] += x[k][p * channels + c];
        at_channel += add ? 0 : channels;
    }
}

static double max_pool_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return pool_at(v, x, i, y, col, ch, true);
}

static double avg_pool_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return pool_at(v, x, i, y, col, ch, false);
}

static double global_max_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    (void)y, (void)col;
    return global_at(v, x, i, ch, true);
}

static double global_avg_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    (void)y, (void)col;
    return global_at(v, x, i, ch, false);
}

static double normalise_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return (reference_at(x, v->in, i, y, col, ch) - (double)v->c->mean[ch]) / (double)v->c->std[ch];
}

/* How much of input position k output position i has: a tent of width 1 around where it lies, held inside the input. */
static double tent(int i, int k, int in, int out) {
    double at = fmin(fmax((i + .5) * in / out - .5, 0), in - 1);
    return fmax(0, 1 - fabs(at - k));
}

static double resize_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    double sum = 0;
    for (int iy = 0; iy < v->in.h; iy++)
        for (int ix = 0; ix < v->in.w; ix++)
            sum += tent(y, iy, v->in.h, v->out.h) * tent(col, ix, v->in.w, v->out.w) *
                   reference_at(x, v->in, i, iy, ix, ch);
    return sum;
}

static double channels_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return reference_at(x, v->in, i, y, col, v->c->map[ch]);
}

static const struct {
    const char *op;
    reference_value *f;
} placed[] = {
    {"conv2d", conv_at},
    {"linear", linear_at},
    {"max_pool2d", max_pool_at},
    {"avg_pool2d", avg_pool_at},
    {"global_avg_pool", global_avg_at},
    {"global_max_pool", global_max_at},
    {"normalise", normalise_at},
    {"resize", resize_at},
    {"channels", channels_at},
};

static void each_value(const reference_view *v, const char *op, const double *x, double *y) {
    reference_value *f = reference_arithmetic(op);
    for (size_t k = 0; k < sizeof placed / sizeof *placed; k++)
        if (!strcmp(placed[k].op, op)) f = placed[k].f;
    for (int i = 0; i < v->samples; i++)
        for (int row = 0; row < v->out.h; row++)
            for (int col = 0; col < v->out.w; col++)
                for (int ch = 0; ch < v->out.c; ch++)
                    *y++ = f ? f(v, x, i, row, col, ch) : NAN;
}

static void multiply(const reference_view *v, const double *const *x, double *y) {
    size_t size = shape_size(v->out), period = shape_size(v->net->nodes[v->node->inputs[1]].out);
    for (int i = 0; i < v->samples; i++)
        for (size_t k = 0; k < size; k++)
            *y++ = x[0][(size_t)i * size + k] * x[1][(size_t)i * period + k % period];
}

static void evaluate(const reference_view *v, const double *const *x, double *y) {
    const char *op = layer_name(v->node->op);
    if (!strcmp(op, "batch_norm"))
        batch_norm(v, x[0], y);
    else if (!strcmp(op, "group_norm"))
        group_norm(v, x[0], y);
    else if (!strcmp(op, "dropout") || !strcmp(op, "dropout2d") || !strcmp(op, "drop_path"))
        dropout(v, op, x[0], y);
    else if (!strcmp(op, "flatten"))
        flatten(v, x[0], y);
    else if (!strcmp(op, "add") || !strcmp(op, "concat"))
        join(v, x, !strcmp(op, "add"), y);
    else if (!strcmp(op, "mul"))
        multiply(v, x, y);
    else if (!activate(v, op, x[0], y))
        each_value(v, op, x[0], y);
}

void reference_logits(const net *n, const double *parameters, reference_mode mode, uint64_t seed,
                      const train_context *context, int samples, const double *x, double *logits) {
    double **values = calloc((size_t)n->n_nodes, sizeof *values);
    for (int k = 0; k < n->n_nodes; k++) {
        const net_node *node = &n->nodes[k];
        size_t size = (size_t)samples * shape_size(node->out);
        values[k] = malloc(size * sizeof **values);
        if (!node->op) {
            memcpy(values[k], x, size * sizeof *x);
            continue;
        }
        reference_view v = {n,    node, &node->config, n->nodes[node->inputs[0]].out, node->out, {0}, samples,
                            mode, seed, context};
        const double *inputs[LAYER_MOST_INPUTS];
        for (int i = 0; i < node->n_inputs; i++)
            inputs[i] = values[node->inputs[i]];
        for (int i = 0; i < node->n_params; i++)
            v.params[i] = parameters + n->params[node->params[i]].offset;
        evaluate(&v, inputs, values[k]);
    }
    size_t block = (size_t)samples * (size_t)n->classes;
    memcpy(logits, values[n->n_nodes - 1], block * sizeof *logits);
    for (int i = 0; mode != REFERENCE_EVALUATE && i < n->n_aux; i++)
        memcpy(logits + (size_t)(1 + i) * block, values[n->aux[i]], block * sizeof *logits);
    for (int k = 0; k < n->n_nodes; k++)
        free(values[k]);
    free(values);
}
