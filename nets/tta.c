#include "nets/tta.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

typedef struct tta {
    model model, *inner;
    tta_views views;
    size_t pixels;       /* of one image */
    float *kept;         /* [worker][tile] images of the last forward with keep */
    float *view, *slope; /* [worker][tile] images: a view, and the gradient there */
    float *logits;       /* [worker][tile x classes] of a view */
    double *logs;        /* [worker][view + mean][tile x classes] of probabilities; the mean is the last */
} tta;

/* The row or column where place `at` of a moved image comes from. */
static int source(int at, int move, int n) {
    int from = at - move;
    return from < 0 ? 0 : from >= n ? n - 1 : from;
}

/* Float index in the image where pixel (row, column) of its view comes from. */
static size_t source_of(const tta_view *v, shape s, int row, int column) {
    int y = source(row, v->down, s.h), z = source(column, v->right, s.w);
    return ((size_t)y * (size_t)s.w + (size_t)(v->mirrored ? s.w - 1 - z : z)) * (size_t)s.c;
}

static void take_view(const tta_view *v, shape s, const float *x, float *out) {
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++, out += s.c)
            memcpy(out, x + source_of(v, s, row, column), (size_t)s.c * sizeof *out);
}

/* The transpose of take_view, added to dx. */
static void return_view(const tta_view *v, shape s, const float *dview, float *dx) {
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++, dview += s.c) {
            float *to = dx + source_of(v, s, row, column);
            for (int c = 0; c < s.c; c++)
                to[c] += dview[c];
        }
}

static void log_softmax(const float *z, int classes, double *out) {
    double top = (double)z[0], sum = 0;
    for (int k = 1; k < classes; k++)
        top = fmax(top, (double)z[k]);
    for (int k = 0; k < classes; k++)
        sum += exp((double)z[k] - top);
    for (int k = 0; k < classes; k++)
        out[k] = (double)z[k] - top - log(sum);
}

/* Logarithms of the probabilities of view `v` of every image, v = views.n: of their mean. */
static double *logs_of(const tta *t, int worker, int v) {
    size_t each = (size_t)t->model.tile * (size_t)t->model.classes;
    return t->logs + ((size_t)worker * (size_t)(t->views.n + 1) + (size_t)v) * each;
}

static float *images_of(const tta *t, float *all, int worker) {
    return all + (size_t)worker * (size_t)t->model.tile * t->pixels;
}

static float *logits_of(const tta *t, int worker) {
    return t->logits + (size_t)worker * (size_t)t->model.tile * (size_t)t->model.classes;
}

/* The answers of the inner model to one view of n images. */
static status forward_view(tta *t, int worker, int v, int n, const float *x, bool keep, err *e) {
    float *view = images_of(t, t->view, worker);
    for (int i = 0; i < n; i++)
        take_view(&t->views.views[v], t->model.input, x + (size_t)i * t->pixels,
                  view + (size_t)i * t->pixels);
    return model_forward(t->inner, worker, n, view, keep, logits_of(t, worker), e);
}

/* log of the mean of exp, from the largest on; a NaN anywhere stays one. */
static double log_mean(const tta *t, int worker, size_t at) {
    double top = -INFINITY, sum = 0;
    for (int v = 0; v < t->views.n; v++)
        top = fmax(top, logs_of(t, worker, v)[at]);
    if (top == -INFINITY) top = 0;
    for (int v = 0; v < t->views.n; v++)
        sum += exp(logs_of(t, worker, v)[at] - top);
    return top + log(sum / t->views.n);
}

static status tta_forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    tta *t = self;
    size_t classes = (size_t)t->model.classes;
    for (int v = 0; v < t->views.n; v++) {
        status s = forward_view(t, worker, v, n, x, false, e);
        if (s != STATUS_OK) return s;
        for (size_t i = 0; i < (size_t)n; i++)
            log_softmax(logits_of(t, worker) + i * classes, t->model.classes,
                        logs_of(t, worker, v) + i * classes);
    }
    double *mean = logs_of(t, worker, t->views.n);
    for (size_t i = 0; i < (size_t)n * classes; i++) {
        mean[i] = log_mean(t, worker, i);
        logits[i] = (float)mean[i];
    }
    if (keep) memcpy(images_of(t, t->kept, worker), x, (size_t)n * t->pixels * sizeof *x);
    return STATUS_OK;
}

/* d log mean_k / d z_vj = r_vk ([j = k] - p_vj), r_vk = p_vk / sum over views of p_k: never more than 1, where 1 / mean could overflow. */
static void view_cotangent(const tta *t, int worker, int v, size_t row, const float *dlogits, float *out) {
    size_t classes = (size_t)t->model.classes, at = row * classes;
    const double *view = logs_of(t, worker, v) + at, *mean = logs_of(t, worker, t->views.n) + at;
    double sum = 0;
    for (size_t k = 0; k < classes; k++)
        sum += exp(view[k] - mean[k]) / t->views.n * (double)dlogits[at + k];
    for (size_t k = 0; k < classes; k++) {
        double share = exp(view[k] - mean[k]) / t->views.n;
        out[at + k] = (float)(share * (double)dlogits[at + k] - exp(view[k]) * sum);
    }
}

static status tta_vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    tta *t = self;
    float *slope = images_of(t, t->slope, worker), *cotangent = logits_of(t, worker);
    memset(dx, 0, (size_t)n * t->pixels * sizeof *dx);
    for (int v = 0; v < t->views.n; v++) {
        status s = forward_view(t, worker, v, n, images_of(t, t->kept, worker), true, e);
        if (s != STATUS_OK) return s;
        for (size_t i = 0; i < (size_t)n; i++)
            view_cotangent(t, worker, v, i, dlogits, cotangent);
        s = model_vjp(t->inner, worker, n, cotangent, slope, e);
        if (s != STATUS_OK) return s;
        for (size_t i = 0; i < (size_t)n; i++)
            return_view(&t->views.views[v], t->model.input, slope + i * t->pixels, dx + i * t->pixels);
    }
    return STATUS_OK;
}

static void tta_free(void *self) {
    tta *t = self;
    if (!t) return;
    model_free(t->inner);
    free(t->kept);
    free(t->view);
    free(t->slope);
    free(t->logits);
    free(t->logs);
    free(t);
}

static const model_ops forward_ops = {.forward = tta_forward, .free = tta_free};
static const model_ops gradient_ops = {.forward = tta_forward, .vjp = tta_vjp, .free = tta_free};

static bool allocate(tta *t) {
    size_t rows = (size_t)t->model.workers * (size_t)t->model.tile, classes = (size_t)t->model.classes,
           images, logs;
    if (!size_multiply(rows * sizeof(float), t->pixels, &images) ||
        !size_multiply(rows * sizeof(double) * (size_t)(t->views.n + 1), classes, &logs))
        return false;
    t->kept = alloc_aligned(images);
    t->view = alloc_aligned(images);
    t->slope = alloc_aligned(images);
    t->logits = alloc_aligned(rows * classes * sizeof(float));
    t->logs = alloc_aligned(logs);
    return t->kept && t->view && t->slope && t->logits && t->logs;
}

status model_tta(model *inner, const tta_views *views, model **out, err *e) {
    *out = NULL;
    tta *t = calloc(1, sizeof *t);
    if (!t) {
        model_free(inner);
        return err_set(e, STATUS_NO_MEMORY, "no memory for a model");
    }
    *t = (tta){.model = *inner, .inner = inner, .views = *views, .pixels = shape_size(inner->input)};
    t->model.ops = model_has_gradient(inner) ? &gradient_ops : &forward_ops;
    t->model.self = t;
    t->model.flops *= views->n;
    if (!allocate(t)) {
        tta_free(t);
        return err_set(e, STATUS_NO_MEMORY, "no memory for %d views", views->n);
    }
    *out = &t->model;
    return STATUS_OK;
}
