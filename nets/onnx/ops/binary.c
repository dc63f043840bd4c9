/* Functions of two or more tensors, element by element, with broadcasting. */
#include <math.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

typedef double (*float_function)(double, double);
typedef int64_t (*int_function)(int64_t, int64_t);

/* Before opset 7 the second tensor was laid at an axis of the first, where `broadcast` said so: here with ones behind it. */
static status lay_at_axis(op_call *c, const onnx_tensor *a, const onnx_tensor *b, onnx_tensor *out) {
    *out = *b;
    if (c->opset >= 7 || !onnx_attribute_find(c->node, "axis")) return STATUS_OK;
    int axis;
    status s = op_axis(c, onnx_int(c->node, "axis", 0), a->rank, &axis);
    if (s != STATUS_OK) return s;
    if (axis + b->rank > a->rank) return op_bad(c, "the second input does not fit behind axis %d", axis);
    out->rank = a->rank - axis;
    for (int i = b->rank; i < out->rank; i++)
        out->dims[i] = 1;
    return STATUS_OK;
}

typedef struct pair_function {
    float_function floats;
    int_function ints;
    bool any_types;   /* the tensors need not be of one type: the first one's counts */
    onnx_type result; /* 0: that of the first */
} pair_function;

static void apply(const pair_function *f, const onnx_tensor *a, const onnx_tensor *b, size_t i, size_t k,
                  onnx_tensor *out, size_t at) {
    if (a->ints && b->ints && f->ints)
        out->ints[at] = op_wrap(out->type, f->ints(a->ints[i], b->ints[k]));
    else
        op_set_number(out, at, f->floats(op_number(a, i), op_number(b, k)));
}

static status combine(op_call *c, const onnx_tensor *a, const onnx_tensor *b, pair_function f,
                      onnx_tensor **out) {
    if (a->type != b->type && !f.any_types)
        return op_bad(c, "inputs of types %s and %s", onnx_type_name((int)a->type),
                      onnx_type_name((int)b->type));
    broadcast walk;
    status s = op_broadcast(c, (const onnx_tensor *const[]){a, b}, 2, &walk);
    if (s == STATUS_OK) s = op_new(c, 0, f.result ? f.result : a->type, walk.rank, walk.dims, out);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < walk.n; i++, broadcast_next(&walk))
        apply(&f, a, b, (size_t)walk.at[0], (size_t)walk.at[1], *out, i);
    return STATUS_OK;
}

static status pair(op_call *c, pair_function f) {
    onnx_tensor second, *out;
    status s = lay_at_axis(c, c->in[0], c->in[1], &second);
    return s == STATUS_OK ? combine(c, c->in[0], &second, f, &out) : s;
}

/* All inputs, one after the other. */
static status fold(op_call *c, pair_function f, onnx_tensor **out) {
    status s = op_copy_as(c, 0, c->in[0], c->in[0]->rank, c->in[0]->dims);
    for (int i = 1; i < c->n_in && s == STATUS_OK; i++)
        s = combine(c, c->out[0], c->in[i], f, out);
    return s;
}

/* Integer arithmetic wraps: in unsigned numbers, where it is defined. */
#define ARITHMETIC(name, float_expression, int_expression)                                                   \
    static double name##_floats(double x, double y) {                                                        \
        return float_expression;                                                                             \
    }                                                                                                        \
    static int64_t name##_ints(int64_t x, int64_t y) {                                                       \
        return int_expression;                                                                               \
    }                                                                                                        \
    static const pair_function name##_pair = {name##_floats, name##_ints, false, (onnx_type)0};

#define COMPARISON(name, operator)                                                                           \
    static double name##_floats(double x, double y) {                                                        \
        return x operator y;                                                                                 \
    }                                                                                                        \
    static int64_t name##_ints(int64_t x, int64_t y) {                                                       \
        return x operator y;                                                                                 \
    }                                                                                                        \
    status op_##name(op_call *c) {                                                                           \
        return pair(c, (pair_function){name##_floats, name##_ints, false, ONNX_BOOL});                       \
    }

#define PAIR(name)                                                                                           \
    status op_##name(op_call *c) {                                                                           \
        return pair(c, name##_pair);                                                                         \
    }

#define FOLD(name)                                                                                           \
    status op_##name(op_call *c) {                                                                           \
        onnx_tensor *out;                                                                                    \
        return fold(c, name##_pair, &out);                                                                   \
    }

ARITHMETIC(add, x + y, (int64_t)((uint64_t)x + (uint64_t)y))
ARITHMETIC(sub, x - y, (int64_t)((uint64_t)x - (uint64_t)y))
ARITHMETIC(mul, x *y, (int64_t)((uint64_t)x *(uint64_t)y))
ARITHMETIC(div, x / y, y == 0 ? 0 : y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y)
ARITHMETIC(min, isnan(x) || x < y ? x : y, x < y ? x : y)
ARITHMETIC(max, isnan(x) || x > y ? x : y, x > y ? x : y)
ARITHMETIC(fmod, fmod(x, y), y == 0 || y == -1 ? 0 : x % y)
ARITHMETIC(prelu, x < 0 ? x * y : x, x < 0 ? (int64_t)((uint64_t)x * (uint64_t)y) : x)
COMPARISON(equal, ==)
COMPARISON(greater, >)
COMPARISON(greater_or_equal, >=)
COMPARISON(less, <)
COMPARISON(less_or_equal, <=)
COMPARISON(and, &&)
COMPARISON(or, ||)
COMPARISON(xor, !=)
PAIR(add)
PAIR(sub)
PAIR(mul)
FOLD(min)
FOLD(max)

static status check_divisor(op_call *c) {
    for (size_t i = 0; c->in[1]->ints && i < c->in[1]->n; i++)
        if (c->in[1]->ints[i] == 0) return op_bad(c, "integer division by zero");
    return STATUS_OK;
}

status op_div(op_call *c) {
    status s = check_divisor(c);
    return s == STATUS_OK ? pair(c, div_pair) : s;
}

/* Python's %: the result has the sign of the divisor. */
static int64_t modulo(int64_t x, int64_t y) {
    int64_t rest = fmod_ints(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

status op_mod(op_call *c) {
    status s = check_divisor(c);
    if (s != STATUS_OK) return s;
    pair_function f = fmod_pair;
    if (onnx_int(c->node, "fmod", 0) == 0) {
        if (c->in[0]->floats) return op_bad(c, "floats with fmod = 0");
        f.ints = modulo;
    }
    return pair(c, f);
}

status op_pow(op_call *c) {
    return pair(c, (pair_function){pow, NULL, true, (onnx_type)0});
}

/* Before opset 7 one slope per channel; then any shape that broadcasts to that of x. */
status op_prelu(op_call *c) {
    const onnx_tensor *x = c->in[0];
    onnx_tensor slope = *c->in[1], *out;
    if (c->opset < 7 && slope.rank == 1 && slope.n > 1 && x->rank >= 2) {
        slope.rank = x->rank - 1;
        for (int i = 1; i < slope.rank; i++)
            slope.dims[i] = 1;
    }
    status s = combine(c, x, &slope, prelu_pair, &out);
    if (s == STATUS_OK && (out->rank != x->rank || out->n != x->n))
        return op_bad(c, "the slope does not fit x");
    return s;
}

status op_sum(op_call *c) {
    onnx_tensor *out;
    status s = op_need_floats(c, 0);
    return s == STATUS_OK ? fold(c, add_pair, &out) : s;
}

status op_mean(op_call *c) {
    status s = op_sum(c);
    if (s != STATUS_OK) return s;
    onnx_tensor *out = (onnx_tensor *)(uintptr_t)c->out[0]; /* made by this call */
    for (size_t i = 0; i < out->n; i++)
        out->floats[i] /= (float)c->n_in;
    return STATUS_OK;
}

status op_where(op_call *c) {
    status s = op_need_ints(c, 0);
    if (s != STATUS_OK) return s;
    if (c->in[1]->type != c->in[2]->type) return op_bad(c, "inputs 1 and 2 are of different types");
    broadcast walk;
    s = op_broadcast(c, c->in, 3, &walk);
    onnx_tensor *out;
    if (s == STATUS_OK) s = op_new(c, 0, c->in[1]->type, walk.rank, walk.dims, &out);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < walk.n; i++, broadcast_next(&walk)) {
        int chosen = c->in[0]->ints[walk.at[0]] ? 1 : 2;
        op_copy_element(out, i, c->in[chosen], (size_t)walk.at[chosen]);
    }
    return STATUS_OK;
}
