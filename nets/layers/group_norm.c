/* Group normalisation (Wu & He 2018): moments over the pixels and the channels of one group of one sample, so training and evaluation
 * are the same. The loops are those of batch norm, per channel; their sums are then joined over the channels of a group. The stash
 * holds the mean and 1 / deviation of each group. */
#include <math.h>

#include "nets/kernels/pointwise.h"
#include "nets/layer_internal.h"

enum { SCALE, SHIFT, PARAMS };

static status group_norm_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (in->c % c->groups)
        return err_set(e, STATUS_BAD_FILE, "%d groups do not divide %d channels", c->groups, in->c);
    if (!(c->eps > 0))
        return err_set(e, STATUS_BAD_FILE, "an eps of %g, expected more than 0", (double)c->eps);
    return shape_same(c, n_inputs, in, out, e);
}

static int group_norm_params(const layer_config *c, const shape *in, layer_param *out) {
    (void)c;
    out[SCALE] = (layer_param){"weight", PARAM_NORM_SCALE, 1, {in->c}, 0, 0};
    out[SHIFT] = (layer_param){"bias", PARAM_NORM_SHIFT, 1, {in->c}, 0, 0};
    return PARAMS;
}

/* Of one group. */
typedef struct moments {
    float mean, invstd;
} moments;

/* Arrays over channels, and moments of groups for forward passes without a stash. */
typedef struct room {
    double *sums, *products;
    float *centre, *a, *b, *k;
    moments *groups;
} room;

static size_t group_norm_stash_bytes(const layer_view *v) {
    return (size_t)v->config->groups * sizeof(moments);
}

static size_t group_norm_scratch_bytes(const layer_view *v, layer_pass pass) {
    (void)pass;
    return (size_t)v->out.c * (2 * sizeof(double) + 4 * sizeof(float)) + group_norm_stash_bytes(v);
}

static room room_of(const layer_view *v, void *scratch) {
    size_t n = (size_t)v->out.c;
    double *d = scratch;
    float *f = (float *)(d + 2 * n);
    return (room){d, d + n, f, f + n, f + 2 * n, f + 3 * n, (moments *)(f + 4 * n)};
}

static size_t pixels_of(const layer_view *v) {
    return (size_t)v->out.h * (size_t)v->out.w;
}

static int width_of(const layer_view *v) {
    return v->out.c / v->config->groups;
}

static double sum_of(const double *values, int n) {
    double sum = 0;
    for (int c = 0; c < n; c++)
        sum += values[c];
    return sum;
}

static void spread_means(const layer_view *v, const moments *m, float *centre) {
    for (int c = 0; c < v->out.c; c++)
        centre[c] = m[c / width_of(v)].mean;
}

static void find_moments(const layer_view *v, const room *r, const float *x, moments *out) {
    int width = width_of(v), channels = v->out.c;
    double count = (double)pixels_of(v) * width;
    pointwise()->sum(pixels_of(v), channels, x, NULL, r->sums);
    for (int g = 0; g < v->config->groups; g++)
        out[g].mean = (float)(sum_of(r->sums + g * width, width) / count);
    spread_means(v, out, r->centre);
    pointwise()->sum(pixels_of(v), channels, x, r->centre, r->products);
    for (int g = 0; g < v->config->groups; g++) {
        double rounding = sum_of(r->sums + g * width, width) / count - (double)out[g].mean;
        double variance = sum_of(r->products + g * width, width) / count - rounding * rounding;
        out[g].invstd = (float)(1 / sqrt(fmax(variance, 0) + (double)v->config->eps));
    }
}

static void group_norm_forward(const layer_view *v, const layer_io *io) {
    room r = room_of(v, io->scratch);
    moments *m = io->stash ? io->stash : r.groups;
    find_moments(v, &r, io->x[0], m);
    for (int c = 0; c < v->out.c; c++) {
        moments of = m[c / width_of(v)];
        r.a[c] = io->params[SCALE][c] * of.invstd;
        r.b[c] = io->params[SHIFT][c] - of.mean * r.a[c];
    }
    pointwise()->finish(&(epilogue){0}, shape_size(v->out), v->out.c, io->x[0], r.a, r.b, io->y);
}

/* With g = dy * scale and x^ = (x - mean) * invstd: dx = invstd * (g - mean of g - x^ * mean of g * x^). */
static void group_norm_backward_data(const layer_view *v, const layer_io *io) {
    room r = room_of(v, io->scratch);
    const moments *m = io->stash;
    const float *scale = io->params[SCALE], *x = io->x[0];
    int width = width_of(v), channels = v->out.c;
    size_t pixels = pixels_of(v);
    double count = (double)pixels * width;
    spread_means(v, m, r.centre);
    for (int c = 0; c < channels; c++)
        r.sums[c] = r.products[c] = 0;
    pointwise()->sum_products(pixels, channels, io->dy, x, r.centre, r.sums, r.products);
    for (int g = 0; g < v->config->groups; g++) {
        double sum = 0, product = 0, invstd = (double)m[g].invstd;
        for (int c = g * width; c < (g + 1) * width; c++) {
            sum += r.sums[c] * (double)scale[c];
            product += r.products[c] * (double)scale[c];
        }
        for (int c = g * width; c < (g + 1) * width; c++) {
            r.a[c] = scale[c] * m[g].invstd;
            r.b[c] = (float)(-invstd * invstd * invstd * product / count);
            r.k[c] = (float)(-invstd * sum / count);
        }
    }
    pointwise()->norm_backward(pixels, channels, io->dy, x, r.centre, r.a, r.b, r.k, io->dx);
}

static void group_norm_backward_params(const layer_view *v, const layer_io *io) {
    room r = room_of(v, io->scratch);
    size_t size = shape_size(v->out);
    for (int i = 0; i < io->n; i++) {
        const moments *m = (const moments *)io->stash + (size_t)i * (size_t)v->config->groups;
        spread_means(v, m, r.centre);
        for (int c = 0; c < v->out.c; c++)
            r.sums[c] = r.products[c] = 0;
        pointwise()->sum_products(pixels_of(v), v->out.c, io->dy + (size_t)i * size,
                                  io->x[0] + (size_t)i * size, r.centre, r.sums, r.products);
        for (int c = 0; c < v->out.c; c++) {
            io->dparams[SCALE][c] += (float)(r.products[c] * (double)m[c / width_of(v)].invstd);
            io->dparams[SHIFT][c] += (float)r.sums[c];
        }
    }
}

static const layer_sample samples[] = {
    {{.groups = 2, .eps = 1e-5F}, 1, {{4, 3, 6}}},
    {{.groups = 8, .eps = 1e-3F}, 1, {{3, 3, 8}}},
    {{.groups = 1, .eps = 1e-5F}, 1, {{5, 1, 24}}},
};

const layer layer_group_norm = {
    .name = "group_norm",
    .fields = FIELD_GROUPS | FIELD_EPS | FIELD_ZERO_INIT,
    .traits = LAYER_KEEPS_INPUT,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = group_norm_shape,
    .params = group_norm_params,
    .stash_bytes = group_norm_stash_bytes,
    .scratch_bytes = group_norm_scratch_bytes,
    .forward = group_norm_forward,
    .backward_data = group_norm_backward_data,
    .backward_params = group_norm_backward_params,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
