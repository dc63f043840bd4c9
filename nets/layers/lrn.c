/* Local response normalisation across channels (Krizhevsky et al. 2012): x / (bias + alpha / size * sum of squares of the channels around)^beta,
 * where `size` channels are around: (size - 1) / 2 before, rounded down, and the rest behind. */
#include <math.h>

#include "nets/layer_internal.h"

static status lrn_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (c->lrn_size < 1 || c->lrn_size > 1 << 12 || !(c->lrn_alpha >= 0) || !(c->lrn_beta > 0) ||
        !(c->lrn_bias > 0))
        return err_set(e, STATUS_BAD_FILE,
                       "response normalisation of %d channels with alpha %g, beta %g and bias %g",
                       c->lrn_size, (double)c->lrn_alpha, (double)c->lrn_beta, (double)c->lrn_bias);
    return shape_same(c, n_inputs, in, out, e);
}

/* What stands below the fraction, before it is raised to beta. */
static float denominator(const layer_view *v, const float *x, int c) {
    const layer_config *k = v->config;
    int first = c - (k->lrn_size - 1) / 2, end = first + k->lrn_size;
    float sum = 0;
    for (int i = first < 0 ? 0 : first; i < end && i < v->out.c; i++)
        sum += x[i] * x[i];
    return k->lrn_bias + k->lrn_alpha / (float)k->lrn_size * sum;
}

static void lrn_forward(const layer_view *v, const layer_io *io) {
    int n = v->out.c, pixels = v->out.h * v->out.w;
    for (int p = 0; p < pixels; p++) {
        const float *x = io->x[0] + (size_t)p * (size_t)n;
        for (int c = 0; c < n; c++)
            io->y[(size_t)p * (size_t)n + (size_t)c] =
                x[c] * powf(denominator(v, x, c), -v->config->lrn_beta);
    }
}

/* Per channel, for one pixel: dy * x * d^(-beta - 1), which its neighbours read. */
static size_t lrn_scratch_bytes(const layer_view *v, layer_pass pass) {
    return pass == LAYER_BACKWARD_DATA ? (size_t)v->out.c * sizeof(float) : 0;
}

static void lrn_backward_data(const layer_view *v, const layer_io *io) {
    const layer_config *k = v->config;
    int n = v->out.c, pixels = v->out.h * v->out.w, before = (k->lrn_size - 1) / 2;
    float *parts = io->scratch, share = 2 * k->lrn_alpha * k->lrn_beta / (float)k->lrn_size;
    for (int p = 0; p < pixels; p++) {
        size_t at = (size_t)p * (size_t)n;
        const float *x = io->x[0] + at, *dy = io->dy + at;
        float *dx = io->dx + at;
        for (int c = 0; c < n; c++) {
            float d = denominator(v, x, c), power = powf(d, -k->lrn_beta);
            dx[c] = dy[c] * power;
            parts[c] = dy[c] * x[c] * power / d;
        }
        for (int c = 0; c < n; c++) { /* channel i reads c when c is in i's window */
            int first = c - (k->lrn_size - 1 - before), end = first + k->lrn_size;
            float sum = 0;
            for (int i = first < 0 ? 0 : first; i < end && i < n; i++)
                sum += parts[i];
            dx[c] -= share * x[c] * sum;
        }
    }
}

static const layer_sample samples[] = {
    {{.lrn_size = 5, .lrn_alpha = .5F, .lrn_beta = .75F, .lrn_bias = 1}, 1, {{2, 3, 8}}},
    {{.lrn_size = 4, .lrn_alpha = .9F, .lrn_beta = .5F, .lrn_bias = 2}, 1, {{2, 2, 3}}},
};

const layer layer_lrn = {
    .name = "lrn",
    .fields = FIELD_LRN,
    .traits = LAYER_KEEPS_INPUT,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = lrn_shape,
    .scratch_bytes = lrn_scratch_bytes,
    .forward = lrn_forward,
    .backward_data = lrn_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
