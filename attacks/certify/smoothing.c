/* Randomised smoothing (Cohen et al. 2019): the classifier that answers what the model answers most often under Gaussian noise. Its
 * certificates hold with probability 1 - alpha each, in the L2 norm, and say nothing about the model without noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/certify/certify_internal.h"
#include "core/rng.h"
#include "core/stats.h"
#include "nets/loss.h"

enum { SELECTION, ESTIMATION };

typedef struct smoother {
    model *m;
    const dataset *d;
    const certify_plan *plan;
    size_t pixels, classes;
    float *images, *tiles, *logits; /* one image, m->tile images, logits of these, a worker */
    int64_t *counts;                /* `classes` a worker */
} smoother;

double certify_smoothed_radius(int64_t count, int64_t n, double sigma, double alpha) {
    double share = clopper_pearson_lower(count, n, alpha);
    return share > .5 ? sigma * normal_quantile(share) : 0;
}

static void smoother_free(void *state) {
    smoother *k = state;
    free(k->images);
    free(k->tiles);
    free(k->logits);
    free(k->counts);
    free(k);
}

static status check(const certify_plan *p, err *e) {
    if (!(p->sigma > 0) || isinf(p->sigma))
        return err_set(e, STATUS_USAGE, "smoothing: sigma %g, expected more than 0", p->sigma);
    if (!(p->alpha > 0 && p->alpha < 1))
        return err_set(e, STATUS_USAGE, "smoothing: alpha %g, expected a number between 0 and 1", p->alpha);
    if (p->selections < 1 || p->samples < 1)
        return err_set(e, STATUS_USAGE, "smoothing: %d and %d noisy copies, expected 1 or more",
                       p->selections, p->samples);
    return STATUS_OK;
}

static status prepare(const certify_subject *s, const dataset *d, const certify_plan *plan, int workers,
                      void **state, err *e) {
    status st = check(plan, e);
    if (st != STATUS_OK) return st;
    smoother *k = calloc(1, sizeof *k);
    if (!k) return err_set(e, STATUS_NO_MEMORY, "smoothing: out of memory");
    *k = (smoother){s->m, d, plan, shape_size(d->image), (size_t)d->classes, NULL, NULL, NULL, NULL};
    size_t n = (size_t)workers, tile = (size_t)s->m->tile;
    k->images = calloc(n * k->pixels, sizeof(float));
    k->tiles = calloc(n * tile * k->pixels, sizeof(float));
    k->logits = calloc(n * tile * k->classes, sizeof(float));
    k->counts = calloc(n * k->classes, sizeof *k->counts);
    *state = k;
    if (k->images && k->tiles && k->logits && k->counts) return STATUS_OK;
    smoother_free(k);
    return err_set(e, STATUS_NO_MEMORY, "smoothing: out of memory");
}

/* Answers under `n` draws of noise, of the stream (row id, phase, draw); ties and NaN are answers of no class. */
static status count(const smoother *k, int worker, uint64_t seed, int row, int phase, int n, int64_t *counts,
                    err *e) {
    const float *x = k->images + (size_t)worker * k->pixels;
    size_t tile = (size_t)k->m->tile;
    float *noisy = k->tiles + (size_t)worker * tile * k->pixels;
    float *logits = k->logits + (size_t)worker * tile * k->classes;
    memset(counts, 0, k->classes * sizeof *counts);
    for (int first = 0; first < n; first += k->m->tile) {
        int m = n - first < k->m->tile ? n - first : k->m->tile;
        for (int i = 0; i < m; i++) {
            rng g = rng_stream(seed, "smoothing", (uint32_t)phase, (uint32_t)k->d->ids[row], 0,
                               (uint32_t)(first + i));
            for (size_t p = 0; p < k->pixels; p++)
                noisy[(size_t)i * k->pixels + p] = x[p] + (float)k->plan->sigma * rng_normal(&g);
        }
        status s = model_forward(k->m, worker, m, noisy, false, logits, e);
        if (s != STATUS_OK) return s;
        for (int i = 0; i < m; i++) {
            int class = logits_class(logits + (size_t)i * k->classes, (int)k->classes);
            if (class >= 0) counts[class]++;
        }
    }
    return STATUS_OK;
}

/* Judges with the class that selection chose, on noise that had no part in choosing it. */
static status judge(void *state, int worker, uint64_t seed, int row, certify_result *out, err *e) {
    const smoother *k = state;
    const certify_plan *p = k->plan;
    int64_t *counts = k->counts + (size_t)worker * k->classes;
    dataset_image(k->d, row, k->images + (size_t)worker * k->pixels);
    status s = count(k, worker, seed, row, SELECTION, p->selections, counts, e);
    if (s != STATUS_OK) return s;
    int chosen = 0;
    for (int c = 1; c < (int)k->classes; c++)
        if (counts[c] > counts[chosen]) chosen = c;
    s = count(k, worker, seed, row, ESTIMATION, p->samples, counts, e);
    if (s != STATUS_OK) return s;
    double radius = certify_smoothed_radius(counts[chosen], p->samples, p->sigma, p->alpha);
    out->radius[row] = radius;
    out->predicted[row] = radius > 0 ? chosen : -1;
    if (out->predicted[row] != k->d->labels[row]) return STATUS_OK;
    while (out->certified[row] < p->n_eps && p->eps[out->certified[row]] < radius)
        out->certified[row]++;
    return STATUS_OK;
}

const certificate certificate_smoothing = {
    .name = "smoothing",
    .title = "randomised smoothing (Cohen et al. 2019): of the model under noise, L2",
    .norm = NORM_L2,
    .prepare = prepare,
    .judge = judge,
    .free = smoother_free,
};
