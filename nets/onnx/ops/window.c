#include "nets/onnx/ops/window_internal.h"

#include <inttypes.h>
#include <string.h>

enum {
    MOST_SIZE = 1 << 20
}; /* of a kernel, stride, dilation or padding: products with sizes stay in range */

/* A list attribute of `n` entries of least..MOST_SIZE; `fallback` for each where it is absent. */
static status read_list(op_call *c, const char *name, int n, int64_t least, int64_t fallback, int64_t *out) {
    const onnx_attribute *a = onnx_attribute_find(c->node, name);
    if (a && a->n != n) return op_bad(c, "%s has %d entries, expected %d", name, a->n, n);
    for (int i = 0; i < n; i++) {
        out[i] = a ? a->ints[i] : fallback;
        if (out[i] < least || out[i] > MOST_SIZE)
            return op_bad(c, "%s has an entry of %" PRId64, name, out[i]);
    }
    return STATUS_OK;
}

static status read_kernel(op_call *c, const int64_t *kernel, window *w) {
    if (!kernel && !onnx_attribute_find(c->node, "kernel_shape")) return op_bad(c, "kernel_shape is missing");
    status s = read_list(c, "kernel_shape", w->n, 1, 1, w->kernel);
    if (s != STATUS_OK || !kernel) return s;
    for (int i = 0; i < w->n; i++) {
        if (onnx_attribute_find(c->node, "kernel_shape") && w->kernel[i] != kernel[i])
            return op_bad(c, "kernel_shape %" PRId64 " against weights of %" PRId64, w->kernel[i], kernel[i]);
        if (kernel[i] < 1 || kernel[i] > MOST_SIZE) return op_bad(c, "a kernel of %" PRId64, kernel[i]);
        w->kernel[i] = kernel[i];
    }
    return STATUS_OK;
}

static int64_t span_of(const window *w, int i) {
    return (w->kernel[i] - 1) * w->dilation[i] + 1;
}

/* SAME: as many windows as strides fit; an odd pad goes behind (UPPER) or in front (LOWER). */
static void pad_same(window *w, int i, bool upper) {
    int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    int64_t pad = (out - 1) * w->stride[i] + span_of(w, i) - w->in[i];
    if (pad < 0) pad = 0;
    w->before[i] = upper ? pad / 2 : pad - pad / 2;
    w->after[i] = pad - w->before[i];
}

static status read_pads(op_call *c, window *w) {
    const char *mode = onnx_string(c->node, "auto_pad", "NOTSET");
    int64_t pads[2 * MOST_SPATIAL];
    status s = read_list(c, "pads", 2 * w->n, 0, 0, pads);
    if (s != STATUS_OK) return s;
    bool upper = strcmp(mode, "SAME_UPPER") == 0, same = upper || strcmp(mode, "SAME_LOWER") == 0;
    bool valid = strcmp(mode, "VALID") == 0;
    if (!same && !valid && strcmp(mode, "NOTSET") != 0 && *mode)
        return op_unsupported(c, "auto_pad \"%s\"", mode);
    for (int i = 0; i < w->n; i++) {
        w->before[i] = valid ? 0 : pads[i];
        w->after[i] = valid ? 0 : pads[w->n + i];
        if (same) pad_same(w, i, upper);
    }
    return STATUS_OK;
}

static status find_output(op_call *c, window *w, int i) {
    int64_t room = w->in[i] + w->before[i] + w->after[i] - span_of(w, i);
    if (room < 0) return op_bad(c, "a window of %" PRId64 " does not fit the input", span_of(w, i));
    w->out[i] = room / w->stride[i] + 1;
    bool ceil = onnx_int(c->node, "ceil_mode", 0) != 0 && room % w->stride[i] != 0;
    if (ceil && w->out[i] * w->stride[i] < w->in[i] + w->before[i]) w->out[i]++;
    return STATUS_OK;
}

status window_read(op_call *c, const onnx_tensor *x, const int64_t *kernel, window *w) {
    *w = (window){.n = x->rank - 2, .in_size = 1, .out_size = 1, .kernel_size = 1};
    if (w->n < 1 || w->n > MOST_SPATIAL)
        return op_unsupported(c, "an input of %d dimensions, expected 3 to %d", x->rank, MOST_SPATIAL + 2);
    memcpy(w->in, x->dims + 2, (size_t)w->n * sizeof *w->in);
    status s = read_kernel(c, kernel, w);
    if (s == STATUS_OK) s = read_list(c, "strides", w->n, 1, 1, w->stride);
    if (s == STATUS_OK) s = read_list(c, "dilations", w->n, 1, 1, w->dilation);
    if (s == STATUS_OK) s = read_pads(c, w);
    for (int i = 0; i < w->n && s == STATUS_OK; i++) {
        s = find_output(c, w, i);
        w->in_size *= (size_t)w->in[i];
        w->kernel_size *= (size_t)w->kernel[i];
    }
    if (s != STATUS_OK) return s;
    return onnx_count(w->n, w->out, &w->out_size) ? STATUS_OK : op_bad(c, "a result of impossible shape");
}

void window_place(const window *w, size_t out_index, window_walk *at) {
    for (int i = w->n - 1; i >= 0; i--) {
        at->origin[i] = (int64_t)(out_index % (size_t)w->out[i]) * w->stride[i] - w->before[i];
        at->tap[i] = 0;
        out_index /= (size_t)w->out[i];
    }
}

bool window_tap(const window *w, const window_walk *at, size_t *in_index) {
    int64_t index = 0;
    for (int i = 0; i < w->n; i++) {
        int64_t k = at->origin[i] + at->tap[i] * w->dilation[i];
        if (k < 0 || k >= w->in[i]) return false;
        index = index * w->in[i] + k;
    }
    *in_index = (size_t)index;
    return true;
}

bool window_within_pads(const window *w, const window_walk *at) {
    for (int i = 0; i < w->n; i++)
        if (at->origin[i] + at->tap[i] * w->dilation[i] >= w->in[i] + w->after[i]) return false;
    return true;
}

void window_next(const window *w, window_walk *at) {
    for (int i = w->n - 1; i >= 0; i--) {
        if (++at->tap[i] < w->kernel[i]) return;
        at->tap[i] = 0;
    }
}
