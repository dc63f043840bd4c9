/* Functions of one number, element by element. */
#include <math.h>

#include "nets/onnx/operator_internal.h"

typedef double (*function)(double x, double a, double b);

static status map(op_call *c, function f, double a, double b) {
    const onnx_tensor *x = c->in[0];
    onnx_tensor *out;
    status s = op_new(c, 0, x->type, x->rank, x->dims, &out);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < x->n; i++)
        op_set_number(out, i, f(op_number(x, i), a, b));
    return STATUS_OK;
}

/* Integers pass through double, which holds them exactly up to 2^53. */
static status check_exact(op_call *c, const onnx_tensor *x) {
    for (size_t i = 0; x->ints && i < x->n; i++)
        if (x->ints[i] > (int64_t)1 << 53 || x->ints[i] < -((int64_t)1 << 53))
            return op_unsupported(c, "an integer beyond 2^53");
    return STATUS_OK;
}

/* FLOATS takes numbers of floating type; NUMBERS integers too. a and b are the values of two attributes. */
#define FLOATS(name, a_value, b_value, expression)                                                           \
    static double name##_of(double x, double a, double b) {                                                  \
        (void)a, (void)b;                                                                                    \
        return expression;                                                                                   \
    }                                                                                                        \
    status op_##name(op_call *c) {                                                                           \
        status s = op_need_floats(c, 0);                                                                     \
        return s == STATUS_OK ? map(c, name##_of, a_value, b_value) : s;                                     \
    }

#define NUMBERS(name, expression)                                                                            \
    static double name##_of(double x, double a, double b) {                                                  \
        (void)a, (void)b;                                                                                    \
        return expression;                                                                                   \
    }                                                                                                        \
    status op_##name(op_call *c) {                                                                           \
        status s = check_exact(c, c->in[0]);                                                                 \
        return s == STATUS_OK ? map(c, name##_of, 0, 0) : s;                                                 \
    }

#define ATTRIBUTE(name, fallback) (double)onnx_float(c->node, name, fallback)

/* NaN goes through a comparison like x < 0 ? ... : x. */
static double clamp_unit(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

NUMBERS(abs, fabs(x))
NUMBERS(neg, -x)
NUMBERS(sign, (double)((x > 0) - (x < 0)))
NUMBERS(relu, x < 0 ? 0 : x)

FLOATS(acos, 0, 0, acos(x))
FLOATS(acosh, 0, 0, acosh(x))
FLOATS(asin, 0, 0, asin(x))
FLOATS(asinh, 0, 0, asinh(x))
FLOATS(atan, 0, 0, atan(x))
FLOATS(atanh, 0, 0, atanh(x))
FLOATS(ceil, 0, 0, ceil(x))
FLOATS(cos, 0, 0, cos(x))
FLOATS(cosh, 0, 0, cosh(x))
FLOATS(erf, 0, 0, erf(x))
FLOATS(exp, 0, 0, exp(x))
FLOATS(floor, 0, 0, floor(x))
FLOATS(log, 0, 0, log(x))
FLOATS(reciprocal, 0, 0, 1 / x)
FLOATS(round, 0, 0, nearbyint(x)) /* ties to even */
FLOATS(sin, 0, 0, sin(x))
FLOATS(sinh, 0, 0, sinh(x))
FLOATS(sqrt, 0, 0, sqrt(x))
FLOATS(tan, 0, 0, tan(x))
FLOATS(tanh, 0, 0, tanh(x))
FLOATS(sigmoid, 0, 0, 1 / (1 + exp(-x)))
FLOATS(softplus, 0, 0, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
FLOATS(softsign, 0, 0, x / (1 + fabs(x)))
FLOATS(hard_swish, 0, 0, x *clamp_unit(x / 6 + 0.5))
FLOATS(hard_sigmoid, ATTRIBUTE("alpha", 0.2f), ATTRIBUTE("beta", 0.5f), clamp_unit(a *x + b))
FLOATS(elu, ATTRIBUTE("alpha", 1), 0, x < 0 ? a * expm1(x) : x)
FLOATS(celu, ATTRIBUTE("alpha", 1), 0, x < 0 ? a * expm1(x / a) : x)
FLOATS(leaky_relu, ATTRIBUTE("alpha", 0.01f), 0, x < 0 ? a * x : x)
FLOATS(thresholded_relu, ATTRIBUTE("alpha", 1), 0, x > a ? x : 0)
FLOATS(selu, ATTRIBUTE("alpha", 1.67326319217681884765625f), ATTRIBUTE("gamma", 1.05070102214813232421875f),
       b *(x < 0 ? a * expm1(x) : x))
FLOATS(shrink, ATTRIBUTE("bias", 0), ATTRIBUTE("lambd", 0.5f), x<-b ? x + a : x> b ? x - a : 0)

/* Questions about a number: booleans come out. */
static status ask(op_call *c, function f, double a, double b) {
    const onnx_tensor *x = c->in[0];
    onnx_tensor *out;
    status s = op_new(c, 0, ONNX_BOOL, x->rank, x->dims, &out);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < x->n; i++)
        out->ints[i] = f(op_number(x, i), a, b) != 0;
    return STATUS_OK;
}

static double nan_of(double x, double a, double b) {
    (void)a, (void)b;
    return isnan(x);
}

static double infinite_of(double x, double negative, double positive) {
    return isinf(x) && (x < 0 ? negative : positive) != 0;
}

static double zero_of(double x, double a, double b) {
    (void)a, (void)b;
    return x == 0;
}

status op_is_nan(op_call *c) {
    return ask(c, nan_of, 0, 0);
}

status op_is_inf(op_call *c) {
    return ask(c, infinite_of, (double)onnx_int(c->node, "detect_negative", 1),
               (double)onnx_int(c->node, "detect_positive", 1));
}

status op_not(op_call *c) {
    return ask(c, zero_of, 0, 0);
}

/* The bounds are attributes before opset 11, then inputs. */
static status clip_bound(op_call *c, int input, const char *attribute, double fallback, double *out) {
    *out = (double)onnx_float(c->node, attribute, (float)fallback);
    const onnx_tensor *t = op_input(c, input);
    if (!t || c->opset < 11) return STATUS_OK;
    if (t->n != 1) return op_bad(c, "input %d has %zu elements, expected one", input, t->n);
    *out = op_number(t, 0);
    return STATUS_OK;
}

/* As numpy: where the bounds cross, the upper one holds. */
static double clip_of(double x, double low, double high) {
    double raised = x < low ? low : x;
    return raised > high ? high : raised;
}

status op_clip(op_call *c) {
    double low, high;
    status s = clip_bound(c, 1, "min", -INFINITY, &low);
    if (s == STATUS_OK) s = clip_bound(c, 2, "max", INFINITY, &high);
    if (s == STATUS_OK) s = check_exact(c, c->in[0]);
    return s == STATUS_OK ? map(c, clip_of, low, high) : s;
}
