/* Convolutions. Each tap of the kernel adds a scaled, shifted picture to the sums of one output channel, which are held in double. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/ops/window_internal.h"

/* Outputs o with 0 <= o * stride + shift < in, as first..last-1. */
static void valid_range(int64_t shift, int64_t stride, int64_t in, int64_t out, int64_t *first,
                        int64_t *last) {
    *first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    *last = in - shift <= 0 ? 0 : (in - shift + stride - 1) / stride;
    if (*last > out) *last = out;
}

static void add_row(double *sums, const float *x, int64_t n, int64_t stride, double weight) {
    for (int64_t i = 0; i < n; i++)
        sums[i] += weight * (double)x[i * stride];
}

/* Walks the outer spatial axes for one tap; rows of the last axis are added where they lie inside. */
static void add_tap(const window *w, const int64_t *tap, const float *x, double weight, double *sums) {
    int64_t first[MOST_SPATIAL], last[MOST_SPATIAL], shift[MOST_SPATIAL], at[MOST_SPATIAL];
    int inner = w->n - 1;
    for (int i = 0; i < w->n; i++) {
        shift[i] = tap[i] * w->dilation[i] - w->before[i];
        valid_range(shift[i], w->stride[i], w->in[i], w->out[i], &first[i], &last[i]);
        if (first[i] >= last[i]) return;
        at[i] = first[i];
    }
    for (;;) {
        int64_t from = 0, to = 0;
        for (int i = 0; i < inner; i++) {
            from = from * w->in[i] + at[i] * w->stride[i] + shift[i];
            to = to * w->out[i] + at[i];
        }
        from = from * w->in[inner] + first[inner] * w->stride[inner] + shift[inner];
        to = to * w->out[inner] + first[inner];
        add_row(sums + to, x + from, last[inner] - first[inner], w->stride[inner], weight);
        int i = inner - 1;
        for (; i >= 0 && ++at[i] == last[i]; i--)
            at[i] = first[i];
        if (i < 0) return;
    }
}

static void add_channel(const window *w, const float *x, const float *weights, double *sums) {
    int64_t tap[MOST_SPATIAL] = {0};
    for (size_t k = 0; k < w->kernel_size; k++) {
        add_tap(w, tap, x, (double)weights[k], sums);
        for (int i = w->n - 1; i >= 0 && ++tap[i] == w->kernel[i]; i--)
            tap[i] = 0;
    }
}

/* Floats, at least N x C x one axis, weights of the same rank, a bias of `channels` if any. */
static status check_operands(op_call *c, int64_t channels) {
    const onnx_tensor *x = c->in[0], *weights = c->in[1], *bias = op_input(c, 2);
    status s = op_need_floats(c, 0);
    if (s == STATUS_OK) s = op_need_floats(c, 1);
    if (s == STATUS_OK && bias) s = op_need_floats(c, 2);
    if (s != STATUS_OK) return s;
    if (weights->rank != x->rank)
        return op_bad(c, "weights of %d dimensions, expected %d", weights->rank, x->rank);
    if (bias && (bias->rank != 1 || bias->dims[0] != channels))
        return op_bad(c, "the bias does not have %" PRId64 " elements", channels);
    return STATUS_OK;
}

status op_conv(op_call *c) {
    const onnx_tensor *x = c->in[0], *weights = c->in[1], *bias = op_input(c, 2);
    status s = check_operands(c, weights->rank > 0 ? weights->dims[0] : 0);
    window w;
    if (s == STATUS_OK) s = window_read(c, x, weights->dims + 2, &w);
    if (s != STATUS_OK) return s;
    int64_t group = onnx_int(c->node, "group", 1), outs = weights->dims[0], ins = weights->dims[1];
    if (group < 1 || group > x->dims[1] || ins * group != x->dims[1] || outs % group != 0)
        return op_bad(c,
                      "%" PRId64 " channels and weights of %" PRId64 " x %" PRId64 " in %" PRId64 " groups",
                      x->dims[1], outs, ins, group);
    int64_t dims[2 + MOST_SPATIAL] = {x->dims[0], outs};
    memcpy(dims + 2, w.out, (size_t)w.n * sizeof *dims);
    onnx_tensor *out;
    double *sums;
    s = op_new(c, 0, x->type, x->rank, dims, &out);
    if (s == STATUS_OK) s = op_work(c, out->n, w.kernel_size, (size_t)ins);
    if (s == STATUS_OK) s = op_work(c, weights->n, (size_t)x->dims[0], 1);
    if (s == STATUS_OK) s = op_scratch(c, w.out_size, sizeof *sums, &sums);
    if (s != STATUS_OK) return s;
    for (size_t plane = 0; plane < (size_t)(x->dims[0] * outs); plane++) {
        size_t image = plane / (size_t)outs, o = plane % (size_t)outs,
               first = o / (size_t)(outs / group) * (size_t)ins;
        for (size_t i = 0; i < w.out_size; i++)
            sums[i] = bias ? (double)bias->floats[o] : 0;
        for (size_t i = 0; i < (size_t)ins; i++)
            add_channel(&w, x->floats + (image * (size_t)x->dims[1] + first + i) * w.in_size,
                        weights->floats + (o * (size_t)ins + i) * w.kernel_size, sums);
        for (size_t i = 0; i < w.out_size; i++)
            out->floats[plane * w.out_size + i] = (float)sums[i];
    }
    return STATUS_OK;
}
