/* Results whose elements are picked from the input axis by axis. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

enum { MOST_DIM = INT32_MAX };

typedef struct picks {
    int64_t dims[ONNX_MOST_RANK];
    int64_t *maps[ONNX_MOST_RANK]; /* dims[i] indices into axis i, -1 for none */
} picks;

static status picks_axis(op_call *c, picks *p, int axis, int64_t n) {
    p->dims[axis] = n;
    return op_scratch(c, (size_t)n, sizeof *p->maps[axis], &p->maps[axis]);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

typedef struct slice {
    int64_t start, end, step;
} slice;

/* As Python: negative ends count from behind, all is cut to the axis. */
static status pick_slice(op_call *c, picks *p, int axis, slice cut) {
    int64_t n = c->in[0]->dims[axis], least = cut.step < 0 ? -1 : 0, most = cut.step < 0 ? n - 1 : n;
    int64_t start = clamp(cut.start < 0 ? cut.start + n : cut.start, least, most);
    int64_t end = clamp(cut.end < 0 ? cut.end + n : cut.end, least, most);
    int64_t step = clamp(cut.step, -(int64_t)MOST_DIM, MOST_DIM);
    int64_t distance = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    status s = picks_axis(c, p, axis, distance > 0 ? (distance + stride - 1) / stride : 0);
    for (int64_t i = 0; s == STATUS_OK && i < p->dims[axis]; i++)
        p->maps[axis][i] = start + i * step;
    return s;
}

/* The cuts by axis: whole axes where there is none. */
static status read_slices(op_call *c, slice *cuts) {
    op_list starts, ends, axes, steps;
    int rank = c->in[0]->rank;
    status s = op_ints(c, "starts", 1, 10, &starts);
    if (s == STATUS_OK) s = op_ints(c, "ends", 2, 10, &ends);
    if (s == STATUS_OK) s = op_ints(c, "axes", 3, 10, &axes);
    if (s == STATUS_OK) s = op_ints(c, "steps", 4, 10, &steps);
    if (s != STATUS_OK) return s;
    if (starts.n < 0 || ends.n != starts.n || (axes.n >= 0 && axes.n != starts.n) ||
        (steps.n >= 0 && steps.n != starts.n))
        return op_bad(c, "starts, ends, axes and steps of different lengths");
    if (axes.n < 0 && starts.n > rank) return op_bad(c, "%d starts for %d dimensions", starts.n, rank);
    for (int i = 0; i < rank; i++)
        cuts[i] = (slice){0, INT64_MAX, 1};
    for (int i = 0; i < starts.n; i++) {
        int axis = i;
        if (axes.n >= 0) s = op_axis(c, axes.at[i], rank, &axis);
        if (s != STATUS_OK) return s;
        cuts[axis] = (slice){starts.at[i], ends.at[i], steps.n >= 0 ? steps.at[i] : 1};
        if (cuts[axis].step == 0) return op_bad(c, "a step of 0");
    }
    return STATUS_OK;
}

status op_slice(op_call *c) {
    slice cuts[ONNX_MOST_RANK];
    picks p;
    status s = read_slices(c, cuts);
    for (int i = 0; i < c->in[0]->rank && s == STATUS_OK; i++)
        s = pick_slice(c, &p, i, cuts[i]);
    return s == STATUS_OK ? op_take(c, c->in[0], p.dims, p.maps, 0) : s;
}

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode;

/* Where position k of an axis of n elements lies, k outside of it perhaps. */
static int64_t padded_index(int64_t k, int64_t n, pad_mode mode) {
    if (k >= 0 && k < n) return k;
    if (mode == PAD_CONSTANT || n == 0) return -1;
    if (mode == PAD_EDGE) return k < 0 ? 0 : n - 1;
    int64_t period = mode == PAD_WRAP ? n : n > 1 ? 2 * (n - 1) : 1;
    int64_t rest = ((k % period) + period) % period;
    return rest < n ? rest : period - rest;
}

static status pick_padded(op_call *c, picks *p, int axis, int64_t before, int64_t after, pad_mode mode) {
    int64_t n = c->in[0]->dims[axis];
    if (before < -n || after < -n || before > MOST_DIM || after > MOST_DIM || n + before + after < 0)
        return op_bad(c, "pads of %" PRId64 " and %" PRId64 " around %" PRId64, before, after, n);
    status s = picks_axis(c, p, axis, n + before + after);
    for (int64_t i = 0; s == STATUS_OK && i < p->dims[axis]; i++)
        p->maps[axis][i] = padded_index(i - before, n, mode);
    return s;
}

static status read_pad_mode(op_call *c, pad_mode *out) {
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *name = onnx_string(c->node, "mode", "constant");
    for (int i = 0; i < 4; i++) {
        *out = (pad_mode)i;
        if (strcmp(name, names[i]) == 0) return STATUS_OK;
    }
    return op_unsupported(c, "mode \"%s\"", name);
}

/* before[i] and after[i] of every axis: pads are given for all axes, or since opset 18 for those of input 3. */
static status read_pads(op_call *c, int64_t *before, int64_t *after) {
    int rank = c->in[0]->rank;
    op_list pads, axes;
    status s = op_ints(c, c->opset < 2 ? "paddings" : "pads", 1, 11, &pads);
    if (s == STATUS_OK) s = op_ints(c, "axes", 3, 18, &axes);
    if (s != STATUS_OK) return s;
    int n = axes.n < 0 ? rank : axes.n;
    if (n > rank || pads.n != 2 * n) return op_bad(c, "%d pads, expected %d", pads.n, 2 * n);
    for (int i = 0; i < rank; i++)
        before[i] = after[i] = 0;
    for (int i = 0; i < n; i++) {
        int axis = i;
        if (axes.n >= 0) s = op_axis(c, axes.at[i], rank, &axis);
        if (s != STATUS_OK) return s;
        before[axis] = pads.at[i];
        after[axis] = pads.at[n + i];
    }
    return STATUS_OK;
}

status op_pad(op_call *c) {
    const onnx_tensor *fill = c->opset >= 11 ? op_input(c, 2) : NULL;
    int64_t before[ONNX_MOST_RANK], after[ONNX_MOST_RANK];
    pad_mode mode;
    picks p;
    status s = read_pad_mode(c, &mode);
    if (s == STATUS_OK) s = read_pads(c, before, after);
    if (s == STATUS_OK && fill && fill->n != 1)
        s = op_bad(c, "the padding is %zu numbers, expected one", fill->n);
    for (int i = 0; i < c->in[0]->rank && s == STATUS_OK; i++)
        s = pick_padded(c, &p, i, before[i], after[i], mode);
    double value = fill ? op_number(fill, 0) : (double)onnx_float(c->node, "value", 0);
    return s == STATUS_OK ? op_take(c, c->in[0], p.dims, p.maps, value) : s;
}

status op_tile(op_call *c) {
    const onnx_tensor *x = c->in[0], *repeats = c->in[1];
    if (c->opset < 6) return op_unsupported(c, "tiles before opset 6");
    status s = op_need_ints(c, 1);
    if (s == STATUS_OK && repeats->n != (size_t)x->rank)
        s = op_bad(c, "%zu repeats, expected %d", repeats->n, x->rank);
    picks p;
    for (int i = 0; i < x->rank && s == STATUS_OK; i++) {
        int64_t times = repeats->ints[i];
        if (times < 0 || times > MOST_DIM) return op_bad(c, "%" PRId64 " repeats", times);
        s = picks_axis(c, &p, i, times * x->dims[i]);
        for (int64_t k = 0; s == STATUS_OK && k < p.dims[i]; k++)
            p.maps[i][k] = k % x->dims[i];
    }
    return s == STATUS_OK ? op_take(c, x, p.dims, p.maps, 0) : s;
}

status op_expand(op_call *c) {
    op_list shape;
    status s = op_ints(c, "shape", 1, 1, &shape);
    if (s != STATUS_OK) return s;
    size_t n;
    if (!onnx_count(shape.n, shape.at, &n)) return op_bad(c, "an impossible shape");
    onnx_tensor target = {.rank = shape.n}, *out;
    if (shape.n > 0) memcpy(target.dims, shape.at, (size_t)shape.n * sizeof *target.dims);
    broadcast walk;
    s = op_broadcast(c, (const onnx_tensor *const[]){c->in[0], &target}, 2, &walk);
    if (s == STATUS_OK) s = op_new(c, 0, c->in[0]->type, walk.rank, walk.dims, &out);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < walk.n; i++, broadcast_next(&walk))
        op_copy_element(out, i, c->in[0], (size_t)walk.at[0]);
    return STATUS_OK;
}
