/* Pictures of another size. Every kind of interpolation is separable: one axis after the other, each new position a weighted sum of a few
 * old ones. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

enum { MOST_TAPS = 4 };

typedef struct resize {
    int taps; /* 1 nearest, 2 linear, 4 cubic */
    const char *coordinates, *nearest;
    double cubic;
    bool exclude_outside;
} resize;

typedef struct sample {
    int64_t at[MOST_TAPS];
    double weight[MOST_TAPS];
} sample;

static double source_position(const resize *r, int64_t x, int64_t in, int64_t out, double scale) {
    if (strcmp(r->coordinates, "asymmetric") == 0) return (double)x / scale;
    if (strcmp(r->coordinates, "align_corners") == 0)
        return out > 1 ? (double)x * (double)(in - 1) / (double)(out - 1) : 0;
    if (strcmp(r->coordinates, "pytorch_half_pixel") == 0 && out <= 1) return 0;
    return ((double)x + 0.5) / scale - 0.5;
}

static double nearest_of(const resize *r, double position) {
    if (strcmp(r->nearest, "floor") == 0) return floor(position);
    if (strcmp(r->nearest, "ceil") == 0) return ceil(position);
    if (strcmp(r->nearest, "round_prefer_ceil") == 0) return floor(position + 0.5);
    return ceil(position - 0.5);
}

/* Keys' kernel at distance d. */
static double cubic_weight(double a, double d) {
    d = fabs(d);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static sample sample_at(const resize *r, double position, int64_t in) {
    sample s = {{0}, {0}};
    if (!(fabs(position) <= INT32_MAX)) position = 0;
    double base = r->taps == 1 ? nearest_of(r, position) : floor(position), sum = 0;
    for (int k = 0; k < r->taps; k++) {
        int64_t at = (int64_t)base + k - (r->taps == 4);
        double distance = position - (double)at;
        s.weight[k] = r->taps == 1 ? 1 : r->taps == 2 ? 1 - fabs(distance) : cubic_weight(r->cubic, distance);
        if (r->exclude_outside && r->taps > 1 && (at < 0 || at >= in)) s.weight[k] = 0;
        s.at[k] = at < 0 ? 0 : at >= in ? in - 1 : at;
        sum += s.weight[k];
    }
    for (int k = 0; k < r->taps && r->exclude_outside && sum != 0; k++)
        s.weight[k] /= sum;
    return s;
}

static double sampled(const onnx_tensor *x, const sample *s, int taps, size_t base, size_t step) {
    double sum = 0;
    for (int k = 0; k < taps; k++)
        if (s->weight[k] != 0) sum += s->weight[k] * op_number(x, base + (size_t)s->at[k] * step);
    return sum;
}

/* Output 0 becomes *x with `axis` of another size; *x becomes output 0. */
static status resample(op_call *c, const resize *r, const onnx_tensor **x, int axis, int64_t size,
                       double scale) {
    int64_t dims[ONNX_MOST_RANK], in = (*x)->dims[axis];
    memcpy(dims, (*x)->dims, sizeof dims);
    dims[axis] = size;
    onnx_tensor *out;
    status s = op_new(c, 0, (*x)->type, (*x)->rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, out->n, MOST_TAPS, 1);
    if (s != STATUS_OK) return s;
    size_t step = op_product(dims, axis + 1, out->rank), outer = op_product(dims, 0, axis);
    for (int64_t i = 0; i < size && out->n > 0; i++) {
        sample taps = sample_at(r, source_position(r, i, in, size, scale), in);
        for (size_t line = 0; line < outer * step; line++) {
            size_t o = line / step, k = line % step;
            double value = sampled(*x, &taps, r->taps, o * (size_t)in * step + k, step);
            op_set_number(out, (o * (size_t)size + (size_t)i) * step + k, value);
        }
    }
    *x = out;
    return STATUS_OK;
}

static status find_size(op_call *c, int axis, double scale, int64_t wanted, int64_t *size) {
    *size = 0;
    int64_t in = c->in[0]->dims[axis];
    if (wanted < 0 && !(scale > 0 && scale < 0x1p20)) return op_bad(c, "a scale of %g", scale);
    *size = wanted >= 0 ? wanted : (int64_t)floor((double)in * scale);
    if (*size < 1 || *size > INT32_MAX || in < 1)
        return op_bad(c, "an axis of %" PRId64 " becomes %" PRId64, in, *size);
    return STATUS_OK;
}

/* One of scales and sizes is given, one number for each axis. */
static status resize_by(op_call *c, const resize *r, const onnx_tensor *scales, const onnx_tensor *sizes) {
    const onnx_tensor *x = c->in[0], *given = sizes ? sizes : scales;
    if (!given || given->n != (size_t)x->rank)
        return op_bad(c, "neither scales nor sizes for %d axes", x->rank);
    if (sizes ? !sizes->ints : !scales->floats) return op_bad(c, "scales or sizes of a wrong type");
    if (x->ints && r->taps > 1) return op_unsupported(c, "interpolation of integers");
    c->out[0] = x;
    for (int axis = 0; axis < c->in[0]->rank; axis++) {
        int64_t size, wanted = sizes ? sizes->ints[axis] : -1;
        double scale = sizes ? (double)wanted / (double)c->in[0]->dims[axis] : (double)scales->floats[axis];
        if (sizes && wanted < 0) return op_bad(c, "a size of %" PRId64, wanted);
        status s = find_size(c, axis, scale, wanted, &size);
        if (s == STATUS_OK && (size != c->in[0]->dims[axis] || scale != 1))
            s = resample(c, r, &x, axis, size, scale);
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

static bool one_of(const char *name, const char *const *names) {
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

static status read_mode(op_call *c, resize *r) {
    static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
                                              "asymmetric", NULL};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
    const char *mode = onnx_string(c->node, "mode", "nearest");
    r->taps = strcmp(mode, "nearest") == 0  ? 1
              : strcmp(mode, "linear") == 0 ? 2
              : strcmp(mode, "cubic") == 0  ? 4
                                            : 0;
    if (r->taps == 0) return op_unsupported(c, "mode \"%s\"", mode);
    if (!one_of(r->coordinates, coordinates)) return op_unsupported(c, "coordinates \"%s\"", r->coordinates);
    if (!one_of(r->nearest, nearest)) return op_unsupported(c, "nearest_mode \"%s\"", r->nearest);
    return STATUS_OK;
}

/* Inputs since opset 11: x, a region (of a mode that is not taken), scales, sizes; in opset 10: x, scales. */
status op_resize(op_call *c) {
    bool old = c->opset < 11;
    resize r = {.coordinates =
                    onnx_string(c->node, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
                .nearest = onnx_string(c->node, "nearest_mode", old ? "floor" : "round_prefer_floor"),
                .cubic = (double)onnx_float(c->node, "cubic_coeff_a", -0.75f),
                .exclude_outside = onnx_int(c->node, "exclude_outside", 0) != 0};
    status s = read_mode(c, &r);
    if (s != STATUS_OK) return s;
    const onnx_tensor *scales = op_input(c, old ? 1 : 2), *sizes = op_input(c, 3);
    return resize_by(c, &r, scales && scales->n > 0 ? scales : NULL, sizes && sizes->n > 0 ? sizes : NULL);
}

/* The scales are an attribute before opset 9. */
status op_upsample(op_call *c) {
    resize r = {.coordinates = "asymmetric", .nearest = "floor"};
    status s = read_mode(c, &r);
    if (s != STATUS_OK) return s;
    const onnx_attribute *a = onnx_attribute_find(c->node, "scales");
    const onnx_tensor *input = op_input(c, 1);
    if (input || !a) return resize_by(c, &r, input, NULL);
    onnx_tensor *scales = onnx_tensor_new(c->memory, ONNX_FLOAT, 1, (int64_t[]){a->n});
    if (!scales) return err_set(c->e, STATUS_NO_MEMORY, "out of memory");
    memcpy(scales->floats, a->floats, (size_t)a->n * sizeof *a->floats);
    return resize_by(c, &r, scales, NULL);
}
