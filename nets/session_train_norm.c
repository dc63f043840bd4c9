/* Batch normalisation in training: moments per chunk, joined in chunk order, in double. */
#include <math.h>
#include <string.h>

#include "nets/kernels/pointwise.h"
#include "nets/session_train_internal.h"

static int channels_of(const train_session *t, int k) {
    return t->l.net->nodes[t->l.steps[k].norm].out.c;
}

static size_t pixels_of(const train_session *t, int k) {
    shape s = t->l.net->nodes[t->l.steps[k].norm].out;
    return (size_t)s.h * (size_t)s.w;
}

static double *doubles(train_session *t, size_t n) {
    return arena_array(&t->arena, n, sizeof(double));
}
static float *floats(train_session *t, size_t n) {
    return arena_array(&t->arena, n, sizeof(float));
}

status norm_state_new(train_session *t, int k, err *e) {
    size_t c = (size_t)channels_of(t, k), chunks = (size_t)((t->batch + TRAIN_CHUNK - 1) / TRAIN_CHUNK);
    norm_state *s = &t->norms[k];
    *s = (norm_state){.chunk_mean = doubles(t, chunks * c),
                      .chunk_squares = doubles(t, chunks * c),
                      .mean = doubles(t, c),
                      .variance = doubles(t, c),
                      .invstd = doubles(t, c),
                      .centre = floats(t, c),
                      .scale = floats(t, c),
                      .shift = floats(t, c),
                      .a = floats(t, c),
                      .b = floats(t, c),
                      .k = floats(t, c)};
    bool fine = s->chunk_mean && s->chunk_squares && s->mean && s->variance && s->invstd && s->centre &&
                s->scale && s->shift && s->a && s->b && s->k;
    return fine ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for batch norm");
}

void run_moments(train_session *t, const train_op *o, int chunk, int worker) {
    if (t->context.frozen_norm) return;
    int channels = channels_of(t, o->step);
    size_t pixels = pixels_of(t, o->step), width = (size_t)channels;
    norm_state *s = &t->norms[o->step];
    double *mean = s->chunk_mean + (size_t)chunk * width, *squares = s->chunk_squares + (size_t)chunk * width;
    memset(mean, 0, width * sizeof *mean);
    memset(squares, 0, width * sizeof *squares);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++)
        norm_add_sample(pixels, channels, train_norm_input(t, o->step) + (size_t)i * pixels * width,
                        (size_t)(i - chunk_first(chunk)) * pixels, mean, squares, train_scratch(t, worker));
}

static void join_moments(const train_session *t, int k, norm_state *s) {
    int channels = channels_of(t, k);
    size_t width = (size_t)channels, pixels = pixels_of(t, k);
    memset(s->mean, 0, width * sizeof *s->mean);
    memset(s->variance, 0, width * sizeof *s->variance);
    for (int chunk = 0; chunk_first(chunk) < t->n; chunk++)
        norm_join(channels, (size_t)chunk_first(chunk) * pixels, s->mean, s->variance,
                  (size_t)(chunk_end(t, chunk) - chunk_first(chunk)) * pixels,
                  s->chunk_mean + (size_t)chunk * width, s->chunk_squares + (size_t)chunk * width);
    for (size_t c = 0; c < width; c++)
        s->variance[c] /= (double)((size_t)t->n * pixels);
}

void run_norm(train_session *t, const train_op *o, int index, int worker) {
    (void)index, (void)worker;
    norm_state *s = &t->norms[o->step];
    int node = t->l.steps[o->step].norm, channels = channels_of(t, o->step);
    const float *params[LAYER_MOST_PARAMS];
    step_params(&t->l, node, t->w, params);
    if (!t->context.frozen_norm) join_moments(t, o->step, s);
    for (int c = 0; c < channels; c++) {
        if (t->context.frozen_norm) {
            s->mean[c] = (double)params[NORM_MEAN][c];
            s->variance[c] = (double)params[NORM_VARIANCE][c];
        }
        s->invstd[c] = 1 / sqrt(s->variance[c] + (double)t->l.net->nodes[node].config.eps);
        double scale = params[NORM_SCALE][c] * s->invstd[c];
        s->centre[c] = (float)s->mean[c];
        s->scale[c] = (float)scale;
        s->shift[c] = (float)(params[NORM_SHIFT][c] - s->mean[c] * scale);
    }
}

void run_apply(train_session *t, const train_op *o, int chunk, int worker) {
    (void)worker;
    const step *s = &t->l.steps[o->step];
    const norm_state *norm = &t->norms[o->step];
    size_t size = tensor_size(t, s->out);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++) {
        float *y = train_tensor(t, s->out) + (size_t)i * size;
        epilogue post;
        train_epilogue(t, o->step, i, false, &post);
        pointwise()->finish(&post, size, channels_of(t, o->step),
                            train_norm_input(t, o->step) + (size_t)i * size, norm->scale, norm->shift, y);
    }
}

void run_norm_sums(train_session *t, const train_op *o, int chunk, int worker) {
    (void)worker;
    const norm_state *s = &t->norms[o->step];
    int channels = channels_of(t, o->step);
    size_t pixels = pixels_of(t, o->step), width = (size_t)channels, size = pixels * width;
    double *sum = s->chunk_mean + (size_t)chunk * width, *product = s->chunk_squares + (size_t)chunk * width;
    const float *dy = train_value(t, t->g.value_of_step[o->step]), *x = train_norm_input(t, o->step);
    memset(sum, 0, width * sizeof *sum);
    memset(product, 0, width * sizeof *product);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++)
        pointwise()->sum_products(pixels, channels, dy + (size_t)i * size, x + (size_t)i * size, s->centre,
                                  sum, product);
}

void run_norm_gradient(train_session *t, const train_op *o, int index, int worker) {
    (void)index, (void)worker;
    const norm_state *s = &t->norms[o->step];
    const net *n = t->l.net;
    const net_node *node = &n->nodes[t->l.steps[o->step].norm];
    int channels = channels_of(t, o->step);
    double count = (double)((size_t)t->n * pixels_of(t, o->step));
    float *dscale = t->grad + n->params[node->params[NORM_SCALE]].offset;
    float *dshift = t->grad + n->params[node->params[NORM_SHIFT]].offset;
    const float *scale = step_param(&t->l, t->l.steps[o->step].norm, NORM_SCALE, t->w);
    for (int c = 0; c < channels; c++) {
        double sum = 0, product = 0;
        for (int chunk = 0; chunk_first(chunk) < t->n; chunk++) {
            sum += s->chunk_mean[chunk * channels + c];
            product += s->chunk_squares[chunk * channels + c];
        }
        double a = scale[c] * s->invstd[c];
        dscale[c] = (float)(product * s->invstd[c]);
        dshift[c] = (float)sum;
        s->a[c] = (float)a;
        s->b[c] = t->context.frozen_norm ? 0 : (float)(-a * s->invstd[c] * s->invstd[c] * product / count);
        s->k[c] = t->context.frozen_norm ? 0 : (float)(-a * sum / count);
    }
}

void run_norm_data(train_session *t, const train_op *o, int chunk, int worker) {
    (void)worker;
    const norm_state *s = &t->norms[o->step];
    int channels = channels_of(t, o->step);
    size_t pixels = pixels_of(t, o->step), size = pixels * (size_t)channels;
    const float *dy = train_value(t, t->g.value_of_step[o->step]), *x = train_norm_input(t, o->step);
    float *dx = train_at(t, t->norm_gradients[o->step]);
    for (size_t i = (size_t)chunk_first(chunk); i < (size_t)chunk_end(t, chunk); i++)
        pointwise()->norm_backward(pixels, channels, dy + i * size, x + i * size, s->centre, s->a, s->b, s->k,
                                   dx + i * size);
}

void train_update_statistics(train_session *t, weights *w) {
    for (int k = 0; k < t->l.n_steps; k++) {
        int node = t->l.steps[k].norm;
        if (node < 0) continue;
        const net_node *norm = &t->l.net->nodes[node];
        float *mean = w->data + t->l.net->params[norm->params[NORM_MEAN]].offset;
        float *variance = w->data + t->l.net->params[norm->params[NORM_VARIANCE]].offset;
        double count = (double)((size_t)t->n * pixels_of(t, k)), m = (double)norm->config.momentum;
        double unbias = count > 1 ? count / (count - 1) : 1;
        for (int c = 0; c < norm->out.c; c++) {
            mean[c] = (float)((1 - m) * mean[c] + m * t->norms[k].mean[c]);
            variance[c] = (float)((1 - m) * variance[c] + m * t->norms[k].variance[c] * unbias);
        }
        w->version++;
    }
}
