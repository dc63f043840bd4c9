/* Pools over windows and over whole pictures. */
#include <math.h>
#include <string.h>

#include "nets/onnx/ops/window_internal.h"

static status pool_begin(op_call *c, window *w, onnx_tensor **out) {
    const onnx_tensor *x = c->in[0];
    status s = window_read(c, x, NULL, w);
    if (s != STATUS_OK) return s;
    int64_t dims[2 + MOST_SPATIAL] = {x->dims[0], x->dims[1]};
    memcpy(dims + 2, w->out, (size_t)w->n * sizeof *dims);
    s = op_new(c, 0, x->type, x->rank, dims, out);
    return s == STATUS_OK ? op_work(c, (*out)->n, w->kernel_size, 4) : s;
}

/* The index of the largest element of one window over plane `base` (the first of several equal; NaN beats all), -1 when all of it is
 * padding. */
static int64_t best_in_window(const window *w, const onnx_tensor *x, size_t base, size_t position) {
    window_walk at;
    window_place(w, position, &at);
    int64_t best = -1;
    for (size_t k = 0; k < w->kernel_size; k++, window_next(w, &at)) {
        size_t i;
        if (!window_tap(w, &at, &i)) continue;
        double value = op_number(x, base + i), so_far = best < 0 ? -INFINITY : op_number(x, (size_t)best);
        if (best < 0 || value > so_far || (isnan(value) && !isnan(so_far))) best = (int64_t)(base + i);
    }
    return best;
}

/* The same index counted with the axes of each plane in reverse order, as storage_order asks. */
static int64_t column_major(const window *w, int64_t index) {
    int64_t plane = index / (int64_t)w->in_size, rest = index % (int64_t)w->in_size, result = 0;
    int64_t coordinates[MOST_SPATIAL];
    for (int i = w->n - 1; i >= 0; i--) {
        coordinates[i] = rest % w->in[i];
        rest /= w->in[i];
    }
    for (int i = w->n - 1; i >= 0; i--)
        result = result * w->in[i] + coordinates[i];
    return plane * (int64_t)w->in_size + result;
}

status op_max_pool(op_call *c) {
    const onnx_tensor *x = c->in[0];
    window w;
    onnx_tensor *out, *places = NULL;
    status s = pool_begin(c, &w, &out);
    if (s == STATUS_OK && op_wants(c, 1)) s = op_new(c, 1, ONNX_INT64, out->rank, out->dims, &places);
    if (s != STATUS_OK) return s;
    bool columns = onnx_int(c->node, "storage_order", 0) != 0;
    for (size_t i = 0; i < out->n; i++) {
        int64_t best = best_in_window(&w, x, i / w.out_size * w.in_size, i % w.out_size);
        if (best < 0) return op_bad(c, "a window lies in the padding alone");
        op_copy_element(out, i, x, (size_t)best);
        if (places) places->ints[i] = columns ? column_major(&w, best) : best;
    }
    return STATUS_OK;
}

/* count_include_pad: divide by what of the window lies within input and padding; what ceil_mode adds beyond never counts. */
static float window_mean(const window *w, const float *x, size_t position, bool include_pads) {
    window_walk at;
    window_place(w, position, &at);
    double sum = 0, n = 0;
    for (size_t k = 0; k < w->kernel_size; k++, window_next(w, &at)) {
        size_t i;
        bool inside = window_tap(w, &at, &i);
        if (inside) sum += (double)x[i];
        if (inside || (include_pads && window_within_pads(w, &at))) n++;
    }
    return n > 0 ? (float)(sum / n) : 0;
}

status op_average_pool(op_call *c) {
    const onnx_tensor *x = c->in[0];
    window w;
    onnx_tensor *out;
    status s = op_need_floats(c, 0);
    if (s == STATUS_OK) s = pool_begin(c, &w, &out);
    if (s != STATUS_OK) return s;
    bool include_pads = onnx_int(c->node, "count_include_pad", 0) != 0;
    for (size_t i = 0; i < out->n; i++)
        out->floats[i] =
            window_mean(&w, x->floats + i / w.out_size * w.in_size, i % w.out_size, include_pads);
    return STATUS_OK;
}

static double plane_mean(const float *x, size_t n, double p) {
    (void)p;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum / (double)n;
}

static double plane_max(const float *x, size_t n, double p) {
    (void)p;
    double best = (double)x[0];
    for (size_t i = 1; i < n && !isnan(best); i++)
        if (!((double)x[i] <= best)) best = (double)x[i];
    return best;
}

static double plane_norm(const float *x, size_t n, double p) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow(fabs((double)x[i]), p);
    return pow(sum, 1 / p);
}

static status global_pool(op_call *c, double (*f)(const float *, size_t, double), double p) {
    const onnx_tensor *x = c->in[0];
    status s = op_need_floats(c, 0);
    if (s != STATUS_OK) return s;
    if (x->rank < 2) return op_bad(c, "an input of %d dimensions, expected 2 or more", x->rank);
    size_t each = op_product(x->dims, 2, x->rank);
    if (each == 0) return op_bad(c, "empty planes");
    int64_t dims[ONNX_MOST_RANK] = {x->dims[0], x->dims[1]};
    for (int i = 2; i < x->rank; i++)
        dims[i] = 1;
    onnx_tensor *out;
    s = op_new(c, 0, x->type, x->rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, x->n, 1, 1);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < out->n; i++)
        out->floats[i] = (float)f(x->floats + i * each, each, p);
    return STATUS_OK;
}

status op_global_average_pool(op_call *c) {
    return global_pool(c, plane_mean, 0);
}

status op_global_max_pool(op_call *c) {
    return global_pool(c, plane_max, 0);
}

status op_global_lp_pool(op_call *c) {
    return global_pool(c, plane_norm, (double)onnx_int(c->node, "p", 2));
}
