/* Sums, extremes and the like over axes, and softmax. */
#include <math.h>

#include "nets/onnx/operator_internal.h"

/* acc = step(acc, x) over the elements, then finish(acc, count). */
typedef struct reduction {
    double start;
    double (*step)(double acc, double x);
    double (*finish)(double acc, double n);
    bool floats_only;
} reduction;

typedef struct reduced {
    bool marked[ONNX_MOST_RANK];
    int rank; /* of the result */
    int64_t dims[ONNX_MOST_RANK];
    int64_t strides[ONNX_MOST_RANK]; /* of the accumulators by the axes of x; 0 along reduced ones */
    size_t n, each;                  /* accumulators; elements that go into one */
} reduced;

static void find_shape(const onnx_tensor *x, bool keep, reduced *r) {
    r->n = r->each = 1;
    for (int i = x->rank - 1; i >= 0; i--) {
        r->strides[i] = r->marked[i] ? 0 : (int64_t)r->n;
        *(r->marked[i] ? &r->each : &r->n) *= (size_t)x->dims[i];
    }
    for (int i = 0; i < x->rank; i++)
        if (!r->marked[i] || keep) r->dims[r->rank++] = r->marked[i] ? 1 : x->dims[i];
}

/* The axes are an attribute, then an input: for the sum since opset 13, for the others since 18. */
static status find_axes(op_call *c, int64_t since, reduced *r) {
    op_list axes;
    status s = op_ints(c, "axes", 1, since, &axes);
    if (s != STATUS_OK) return s;
    bool none = axes.n <= 0;
    if (none && onnx_int(c->node, "noop_with_empty_axes", 0) != 0)
        axes.n = 0;
    else if (none)
        axes.n = -1;
    return op_axes(c, axes, c->in[0]->rank, r->marked);
}

static void accumulate(const onnx_tensor *x, const reduced *r, double (*step)(double, double), double *acc) {
    int64_t index[ONNX_MOST_RANK] = {0}, at = 0;
    for (size_t i = 0; i < x->n; i++) {
        acc[at] = step(acc[at], op_number(x, i));
        for (int k = x->rank - 1; k >= 0; k--) {
            at += r->strides[k];
            if (++index[k] < x->dims[k]) break;
            at -= r->strides[k] * x->dims[k];
            index[k] = 0;
        }
    }
}

static status reduce_since(op_call *c, const reduction *f, int64_t since) {
    const onnx_tensor *x = c->in[0];
    reduced r = {0};
    status s = f->floats_only ? op_need_floats(c, 0) : STATUS_OK;
    if (s == STATUS_OK) s = find_axes(c, since, &r);
    if (s != STATUS_OK) return s;
    find_shape(x, onnx_int(c->node, "keepdims", 1) != 0, &r);
    if (r.each == 0) return op_unsupported(c, "a reduction of nothing");
    onnx_tensor *out;
    double *acc;
    s = op_new(c, 0, x->type, r.rank, r.dims, &out);
    if (s == STATUS_OK) s = op_scratch(c, r.n, sizeof *acc, &acc);
    if (s == STATUS_OK) s = op_work(c, x->n, 1, 1);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < r.n; i++)
        acc[i] = f->start;
    accumulate(x, &r, f->step, acc);
    for (size_t i = 0; i < r.n; i++)
        op_set_number(out, i, f->finish ? f->finish(acc[i], (double)r.each) : acc[i]);
    return STATUS_OK;
}

static double add(double acc, double x) {
    return acc + x;
}

static double add_size(double acc, double x) {
    return acc + fabs(x);
}

static double add_square(double acc, double x) {
    return acc + x * x;
}

static double multiply(double acc, double x) {
    return acc * x;
}

static double smaller(double acc, double x) {
    return isnan(x) || x < acc ? x : acc;
}

static double larger(double acc, double x) {
    return isnan(x) || x > acc ? x : acc;
}

/* log(e^acc + e^x) without overflow. */
static double add_in_logs(double acc, double x) {
    double high = acc > x ? acc : x, low = acc > x ? x : acc;
    return isinf(high) ? high : high + log1p(exp(low - high));
}

static double divide(double acc, double n) {
    return acc / n;
}

static double root(double acc, double n) {
    (void)n;
    return sqrt(acc);
}

static double logarithm(double acc, double n) {
    (void)n;
    return log(acc);
}

#define REDUCTION(name, since, ...)                                                                          \
    status op_reduce_##name(op_call *c) {                                                                    \
        return reduce_since(c, &(const reduction){__VA_ARGS__}, since);                                      \
    }

REDUCTION(sum, 13, 0, add, NULL, false)
REDUCTION(mean, 18, 0, add, divide, true)
REDUCTION(max, 18, -INFINITY, larger, NULL, false)
REDUCTION(min, 18, INFINITY, smaller, NULL, false)
REDUCTION(prod, 18, 1, multiply, NULL, false)
REDUCTION(l1, 18, 0, add_size, NULL, false)
REDUCTION(l2, 18, 0, add_square, root, true)
REDUCTION(log_sum, 18, 0, add, logarithm, true)
REDUCTION(log_sum_exp, 18, -INFINITY, add_in_logs, NULL, true)
REDUCTION(sum_square, 18, 0, add_square, NULL, false)

/* Where the best element stands along an axis. `sign` is 1 for the largest, -1 for the smallest. */
static size_t best_of(const onnx_tensor *x, size_t first, size_t n, size_t step, double sign, bool last) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        double difference = sign * (op_number(x, first + i * step) - op_number(x, first + best * step));
        if (difference > 0 || (last && difference == 0)) best = i;
    }
    return best;
}

static status arg_best(op_call *c, double sign) {
    const onnx_tensor *x = c->in[0];
    int axis, rank = 0;
    status s = op_axis(c, onnx_int(c->node, "axis", 0), x->rank, &axis);
    if (s != STATUS_OK) return s;
    int64_t dims[ONNX_MOST_RANK];
    for (int i = 0; i < x->rank; i++)
        if (i != axis || onnx_int(c->node, "keepdims", 1) != 0) dims[rank++] = i == axis ? 1 : x->dims[i];
    size_t n = (size_t)x->dims[axis], inner = op_product(x->dims, axis + 1, x->rank);
    if (n == 0) return op_bad(c, "axis %d is empty", axis);
    onnx_tensor *out;
    s = op_new(c, 0, ONNX_INT64, rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, x->n, 1, 1);
    if (s != STATUS_OK) return s;
    bool last = onnx_int(c->node, "select_last_index", 0) != 0;
    for (size_t i = 0; i < out->n; i++)
        out->ints[i] = (int64_t)best_of(x, i / inner * inner * n + i % inner, n, inner, sign, last);
    return STATUS_OK;
}

status op_argmax(op_call *c) {
    return arg_best(c, 1);
}

status op_argmin(op_call *c) {
    return arg_best(c, -1);
}

typedef enum soft_kind { SOFTMAX, LOG_SOFTMAX, HARDMAX } soft_kind;

static void soft_line(const float *x, float *out, size_t n, size_t step, soft_kind kind) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i * step] > x[best * step]) best = i;
    double high = (double)x[best * step], sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i * step] - high);
    for (size_t i = 0; i < n; i++) {
        double shifted = (double)x[i * step] - high;
        out[i * step] = kind == SOFTMAX       ? (float)(exp(shifted) / sum)
                        : kind == LOG_SOFTMAX ? (float)(shifted - log(sum))
                                              : (float)(i == best);
    }
}

/* Along one axis since opset 13; before, over all dimensions from the axis on together. */
static status soft(op_call *c, soft_kind kind) {
    const onnx_tensor *x = c->in[0];
    bool along = c->opset >= 13;
    int axis;
    status s = op_need_floats(c, 0);
    if (s == STATUS_OK) s = op_axis(c, onnx_int(c->node, "axis", along ? -1 : 1), x->rank, &axis);
    if (s != STATUS_OK) return s;
    onnx_tensor *out;
    s = op_new(c, 0, x->type, x->rank, x->dims, &out);
    if (s == STATUS_OK) s = op_work(c, x->n, 4, 1);
    if (s != STATUS_OK) return s;
    size_t step = along ? op_product(x->dims, axis + 1, x->rank) : 1;
    size_t n = along ? (size_t)x->dims[axis] : op_product(x->dims, axis, x->rank);
    for (size_t i = 0; n > 0 && i < x->n / n; i++) {
        size_t first = i / step * step * n + i % step;
        soft_line(x->floats + first, out->floats + first, n, step, kind);
    }
    return STATUS_OK;
}

status op_softmax(op_call *c) {
    return soft(c, SOFTMAX);
}

status op_log_softmax(op_call *c) {
    return soft(c, LOG_SOFTMAX);
}

status op_hardmax(op_call *c) {
    return soft(c, HARDMAX);
}
