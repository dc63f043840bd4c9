#include "audit/selftest/analytic.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"

static void logits_of(const analytic *a, const float *x, float *z) {
    for (int k = 0; k < ANALYTIC_CLASSES; k++) {
        double sum = 0;
        for (int i = 0; i < ANALYTIC_FLOATS; i++) {
            double off = (double)x[i] - a->w[k][i];
            sum += a->kind == ANALYTIC_LINEAR ? (double)a->w[k][i] * (x[i] - 0.5) : off * off;
        }
        z[k] = (float)(a->sharpness * (a->kind == ANALYTIC_LINEAR ? sum : -a->a[k] * sum));
    }
}

static status forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    analytic *a = self;
    (void)e;
    for (int i = 0; i < n; i++)
        logits_of(a, x + i * ANALYTIC_FLOATS, logits + i * ANALYTIC_CLASSES);
    if (keep) memcpy(a->kept[worker], x, (size_t)n * ANALYTIC_FLOATS * sizeof *x);
    return STATUS_OK;
}

static status vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    const analytic *a = self;
    (void)e;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < ANALYTIC_FLOATS; j++) {
            double sum = 0;
            for (int k = 0; k < ANALYTIC_CLASSES; k++) {
                double slope = a->kind == ANALYTIC_LINEAR
                                   ? a->w[k][j]
                                   : -2.0 * a->a[k] * ((double)a->kept[worker][i][j] - a->w[k][j]);
                sum += dlogits[i * ANALYTIC_CLASSES + k] * slope;
            }
            dx[i * ANALYTIC_FLOATS + j] = (float)(a->sharpness * sum);
        }
    return STATUS_OK;
}

static const model_ops analytic_ops = {.forward = forward, .vjp = vjp};

void analytic_make(analytic_kind kind, analytic *out) {
    *out = (analytic){.kind = kind, .sharpness = 1};
    for (int k = 0; k < ANALYTIC_CLASSES; k++) {
        rng draw = rng_stream(0, "selftest-analytic", (uint32_t)kind, (uint32_t)k, 0, 0);
        out->a[k] = 3 + 0.1f * (float)k;
        for (int i = 0; i < ANALYTIC_FLOATS; i++)
            out->w[k][i] = kind == ANALYTIC_LINEAR ? 2 * rng_normal(&draw) : rng_uniform(&draw);
    }
    out->m = (model){.ops = &analytic_ops,
                     .self = out,
                     .input = {ANALYTIC_SIDE, ANALYTIC_SIDE, 1},
                     .classes = ANALYTIC_CLASSES,
                     .workers = ANALYTIC_WORKERS,
                     .tile = ANALYTIC_TILE,
                     .thread_safe = true};
    snprintf(out->m.arch, sizeof out->m.arch, "analytic");
}

static int largest(const float *z) {
    int best = 0;
    for (int k = 1; k < ANALYTIC_CLASSES; k++)
        if (z[k] > z[best]) best = k;
    return best;
}

status analytic_data(const analytic *a, int n, dataset *out, err *e) {
    dataset d = {.name = "selftest",
                 .split = "all",
                 .n = n,
                 .classes = ANALYTIC_CLASSES,
                 .image = {ANALYTIC_SIDE, ANALYTIC_SIDE, 1}};
    float *values = arena_array(&d.memory, (size_t)n * ANALYTIC_FLOATS, sizeof *values);
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    if (!values || !labels) {
        dataset_free(&d);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        float z[ANALYTIC_CLASSES], *image = values + (size_t)i * ANALYTIC_FLOATS;
        rng draw = rng_stream(0, "selftest-pictures", 0, (uint32_t)i, 0, 0);
        for (int j = 0; j < ANALYTIC_FLOATS; j++)
            image[j] = rng_range(&draw, 0.3f, 0.7f);
        logits_of(a, image, z);
        labels[i] = largest(z);
    }
    d.values = values;
    d.labels = labels;
    *out = d;
    return dataset_finish(out, e);
}

static double to_plane(const analytic *a, const float *x, int y, int k) {
    double margin = 0, square = 0;
    for (int i = 0; i < ANALYTIC_FLOATS; i++) {
        double w = (double)a->w[y][i] - a->w[k][i];
        margin += w * (x[i] - 0.5);
        square += w * w;
    }
    return margin / sqrt(square);
}

/* a_y |x - c_y|^2 = a_k |x - c_k|^2 is |x - o|^2 = a_y a_k |c_y - c_k|^2 / (a_y - a_k)^2 with o = (a_y c_y - a_k c_k) / (a_y - a_k). */
static double to_sphere(const analytic *a, const float *x, int y, int k) {
    double ay = a->a[y], ak = a->a[k], apart = 0, away = 0;
    for (int i = 0; i < ANALYTIC_FLOATS; i++) {
        double centre = (ay * a->w[y][i] - ak * a->w[k][i]) / (ay - ak);
        apart += ((double)a->w[y][i] - a->w[k][i]) * ((double)a->w[y][i] - a->w[k][i]);
        away += (x[i] - centre) * (x[i] - centre);
    }
    return fabs(sqrt(away) - sqrt(ay * ak * apart) / fabs(ay - ak));
}

double analytic_distance(const analytic *a, const float *x, int label, int32_t *nearest) {
    double least = INFINITY;
    for (int k = 0; k < ANALYTIC_CLASSES; k++) {
        if (k == label) continue;
        double distance = a->kind == ANALYTIC_LINEAR ? to_plane(a, x, label, k) : to_sphere(a, x, label, k);
        if (distance >= least) continue;
        least = distance;
        *nearest = k;
    }
    return least;
}
