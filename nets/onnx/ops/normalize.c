/* Normalisations: by stored moments, by those of a plane or of the last axes, and across channels. */
#include <inttypes.h>
#include <math.h>

#include "nets/onnx/operator_internal.h"

/* Inputs first..last hold floats, one for each channel. */
static status check_channels(op_call *c, int first, int last, size_t channels) {
    for (int i = first; i <= last; i++) {
        status s = op_need_floats(c, i);
        if (s != STATUS_OK) return s;
        if (c->in[i]->n != channels)
            return op_bad(c, "input %d has %zu elements, expected %zu: one per channel", i, c->in[i]->n,
                          channels);
    }
    return STATUS_OK;
}

static status begin(op_call *c, int least_rank, onnx_tensor **out) {
    const onnx_tensor *x = c->in[0];
    status s = op_need_floats(c, 0);
    if (s != STATUS_OK) return s;
    if (x->rank < least_rank)
        return op_bad(c, "an input of %d dimensions, expected %d or more", x->rank, least_rank);
    return op_new(c, 0, x->type, x->rank, x->dims, out);
}

status op_batch_norm(op_call *c) {
    const onnx_tensor *x = c->in[0];
    if (onnx_int(c->node, "training_mode", 0) != 0 || op_wants(c, 1))
        return op_unsupported(c, "batch normalisation in training");
    if (onnx_int(c->node, "spatial", 1) == 0) return op_unsupported(c, "spatial = 0");
    onnx_tensor *out;
    status s = begin(c, 1, &out);
    size_t channels = x->rank > 1 ? (size_t)x->dims[1] : 1,
           plane = x->rank > 1 ? op_product(x->dims, 2, x->rank) : 1;
    if (s == STATUS_OK) s = check_channels(c, 1, 4, channels);
    if (s != STATUS_OK) return s;
    double epsilon = (double)onnx_float(c->node, "epsilon", 1e-5f);
    for (size_t i = 0; i < x->n; i++) {
        size_t k = i / plane % channels;
        double deviation = sqrt((double)c->in[4]->floats[k] + epsilon);
        double normal = ((double)x->floats[i] - (double)c->in[3]->floats[k]) / deviation;
        out->floats[i] = (float)(normal * (double)c->in[1]->floats[k] + (double)c->in[2]->floats[k]);
    }
    return STATUS_OK;
}

/* Mean and variance (divided by n) of n floats. */
static void moments(const float *x, size_t n, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *variance = squares / (double)n;
}

status op_instance_norm(op_call *c) {
    const onnx_tensor *x = c->in[0];
    onnx_tensor *out;
    status s = begin(c, 3, &out);
    if (s == STATUS_OK) s = check_channels(c, 1, 2, (size_t)x->dims[1]);
    if (s == STATUS_OK) s = op_work(c, x->n, 2, 1);
    if (s != STATUS_OK) return s;
    double epsilon = (double)onnx_float(c->node, "epsilon", 1e-5f);
    size_t plane = op_product(x->dims, 2, x->rank), channels = (size_t)x->dims[1];
    for (size_t p = 0; plane > 0 && p < x->n / plane; p++) {
        const float *from = x->floats + p * plane;
        double mean, variance;
        moments(from, plane, &mean, &variance);
        double scale = (double)c->in[1]->floats[p % channels] / sqrt(variance + epsilon);
        for (size_t i = 0; i < plane; i++)
            out->floats[p * plane + i] =
                (float)(((double)from[i] - mean) * scale + (double)c->in[2]->floats[p % channels]);
    }
    return STATUS_OK;
}

/* Outputs: the result and, where wanted, mean and 1 / deviation of each row. */
static status layer_norm_outputs(op_call *c, int axis, onnx_tensor *extra[2]) {
    const onnx_tensor *x = c->in[0];
    int64_t dims[ONNX_MOST_RANK];
    for (int i = 0; i < x->rank; i++)
        dims[i] = i < axis ? x->dims[i] : 1;
    status s = STATUS_OK;
    for (int i = 0; i < 2 && s == STATUS_OK; i++)
        s = op_new(c, i + 1, x->type, x->rank, dims, &extra[i]);
    return s;
}

status op_layer_norm(op_call *c) {
    const onnx_tensor *x = c->in[0], *bias = op_input(c, 2);
    onnx_tensor *out, *extra[2];
    int axis;
    status s = begin(c, 1, &out);
    if (s == STATUS_OK) s = op_axis(c, onnx_int(c->node, "axis", -1), x->rank, &axis);
    if (s != STATUS_OK) return s;
    size_t row = op_product(x->dims, axis, x->rank);
    s = check_channels(c, 1, bias ? 2 : 1, row);
    if (s == STATUS_OK) s = layer_norm_outputs(c, axis, extra);
    if (s == STATUS_OK) s = op_work(c, x->n, 2, 1);
    if (s != STATUS_OK) return s;
    double epsilon = (double)onnx_float(c->node, "epsilon", 1e-5f);
    for (size_t r = 0; row > 0 && r < x->n / row; r++) {
        double mean, variance;
        moments(x->floats + r * row, row, &mean, &variance);
        double inverse = 1 / sqrt(variance + epsilon);
        extra[0]->floats[r] = (float)mean;
        extra[1]->floats[r] = (float)inverse;
        for (size_t i = 0; i < row; i++) {
            double normal = ((double)x->floats[r * row + i] - mean) * inverse * (double)c->in[1]->floats[i];
            out->floats[r * row + i] = (float)(normal + (bias ? (double)bias->floats[i] : 0));
        }
    }
    return STATUS_OK;
}

/* x / (bias + alpha / size * sum of squares over `size` neighbouring channels) ^ beta; of an even size the middle lies before. */
status op_lrn(op_call *c) {
    const onnx_tensor *x = c->in[0];
    onnx_tensor *out;
    status s = begin(c, 2, &out);
    int64_t size = onnx_int(c->node, "size", 0);
    if (s == STATUS_OK && (size < 1 || size > 1 << 20)) s = op_bad(c, "size is %" PRId64, size);
    if (s == STATUS_OK) s = op_work(c, x->n, (size_t)size, 1);
    if (s != STATUS_OK) return s;
    double alpha = (double)onnx_float(c->node, "alpha", 1e-4f),
           beta = (double)onnx_float(c->node, "beta", 0.75f);
    double bias = (double)onnx_float(c->node, "bias", 1);
    int64_t channels = x->dims[1], plane = (int64_t)op_product(x->dims, 2, x->rank);
    for (int64_t i = 0; i < (int64_t)x->n; i++) {
        int64_t channel = i / plane % channels, first = channel - (size - 1) / 2, last = first + size;
        double squares = 0;
        for (int64_t k = first < 0 ? 0 : first; k < last && k < channels; k++) {
            double value = (double)x->floats[i + (k - channel) * plane];
            squares += value * value;
        }
        out->floats[i] = (float)((double)x->floats[i] / pow(bias + alpha / (double)size * squares, beta));
    }
    return STATUS_OK;
}
