/* Batch normalisation with running statistics, as in evaluation: y = (x - mean) / sqrt(variance + eps) * weight + bias. The batch
 * statistics of training need all samples: nets/session_train_norm.c. */
#include "nets/batch_norm_internal.h"
#include "nets/kernels/pointwise.h"
#include "nets/layer_internal.h"

static status batch_norm_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (!(c->eps > 0) || !(c->momentum > 0 && c->momentum <= 1))
        return err_set(e, STATUS_BAD_FILE,
                       "batch norm with eps %g and momentum %g, expected eps > 0 and 0 < momentum <= 1",
                       (double)c->eps, (double)c->momentum);
    return shape_same(c, n_inputs, in, out, e);
}

static int batch_norm_params(const layer_config *c, const shape *in, layer_param *out) {
    (void)c;
    out[NORM_SCALE] = (layer_param){"weight", PARAM_NORM_SCALE, 1, {in->c}, 0, 0};
    out[NORM_SHIFT] = (layer_param){"bias", PARAM_NORM_SHIFT, 1, {in->c}, 0, 0};
    out[NORM_MEAN] = (layer_param){"running_mean", BUFFER_MEAN, 1, {in->c}, 0, 0};
    out[NORM_VARIANCE] = (layer_param){"running_var", BUFFER_VARIANCE, 1, {in->c}, 0, 0};
    return NORM_PARAMS;
}

/* scale and shift */
static size_t batch_norm_scratch_bytes(const layer_view *v, layer_pass pass) {
    (void)pass;
    return 2 * (size_t)v->out.c * sizeof(float);
}

static void batch_norm_forward(const layer_view *v, const layer_io *io) {
    float *scale = io->scratch, *shift = scale + v->out.c;
    norm_affine(io->params, v->config->eps, v->out.c, scale, shift);
    pointwise()->finish(&(epilogue){0}, shape_size(v->out), v->out.c, io->x[0], scale, shift, io->y);
}

static void batch_norm_backward_data(const layer_view *v, const layer_io *io) {
    float *scale = io->scratch, *shift = scale + v->out.c;
    norm_affine(io->params, v->config->eps, v->out.c, scale, shift);
    for (int c = 0; c < v->out.c; c++)
        shift[c] = 0;
    pointwise()->finish(&(epilogue){0}, shape_size(v->out), v->out.c, io->dy, scale, shift, io->dx);
}

static const layer_sample samples[] = {
    {{.eps = 1e-5F, .momentum = .1F}, 1, {{4, 3, 5}}},
    {{.eps = 1e-3F, .momentum = .3F}, 1, {{1, 1, 6}}},
};

const layer layer_batch_norm = {
    .name = "batch_norm",
    .fields = FIELD_EPS | FIELD_MOMENTUM | FIELD_ZERO_INIT,
    .traits = LAYER_BATCH_NORM,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = batch_norm_shape,
    .params = batch_norm_params,
    .scratch_bytes = batch_norm_scratch_bytes,
    .forward = batch_norm_forward,
    .backward_data = batch_norm_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
