/* The corruption error relative to a baseline (Hendrycks and Dietterich 2019, section 4.1), with intervals over resampled images. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/corruption.h"
#include "core/rng.h"
#include "core/stats.h"

enum { RESAMPLES = 2000, IMAGES_LEAST = 30 };

/* Errors of each image under each corruption, summed over severities. */
typedef struct errors {
    int n, corruptions;
    uint8_t *counts[2]; /* n x corruptions, of the model and the baseline */
} errors;

static void count(const corruption_plan *p, const corruption_found *f, const corruption_group *g, int which,
                  errors *out) {
    out->n = 0;
    for (int i = 0; i < f->n; i++) {
        if (!corruption_group_has(g, i)) continue;
        uint8_t *counts = out->counts[which] + (size_t)out->n++ * (size_t)p->n;
        for (int c = 0; c < corruption_conditions(p); c++)
            counts[c / p->n_severities] += !f->models[which].correct[(size_t)c * (size_t)f->n + (size_t)i];
    }
}

/* Corruption errors from sums over images, and their mean at the end; NAN where the baseline makes no error. */
static void ratios(const errors *x, int64_t sums[2][CORRUPTIONS_MOST], double *out) {
    double total = 0;
    for (int k = 0; k < x->corruptions; k++) {
        out[k] = sums[1][k] > 0 ? 100.0 * (double)sums[0][k] / (double)sums[1][k] : NAN;
        total += out[k];
    }
    out[x->corruptions] = total / x->corruptions;
}

static void add(const errors *x, size_t row, int64_t sums[2][CORRUPTIONS_MOST]) {
    for (int m = 0; m < 2; m++)
        for (size_t k = 0; k < (size_t)x->corruptions; k++)
            sums[m][k] += x->counts[m][row * (size_t)x->corruptions + k];
}

static void resample(const errors *x, const run *r, int time, double *out) {
    int64_t sums[2][CORRUPTIONS_MOST] = {{0}};
    rng random = rng_stream(r->seed, "corruption-bootstrap", 0, (uint32_t)time, 0, 0);
    for (int i = 0; i < x->n; i++)
        add(x, rng_below(&random, (uint32_t)x->n), sums);
    ratios(x, sums, out);
}

/* Column `k` of the resamples, as a percentile interval. A baseline without errors in one of them leaves no interval. */
static interval percentiles(const double *drawn, int columns, int k, double *sorted) {
    for (int t = 0; t < RESAMPLES; t++)
        if (isnan(sorted[t] = drawn[(size_t)t * (size_t)columns + (size_t)k])) return (interval){NAN, NAN};
    sort_doubles(sorted, RESAMPLES);
    return (interval){sorted_quantile(sorted, RESAMPLES, 0.025), sorted_quantile(sorted, RESAMPLES, 0.975)};
}

static void record(result *x, const corruption_plan *p, const char *group, const errors *all,
                   const double *drawn, double *sorted) {
    int64_t sums[2][CORRUPTIONS_MOST] = {{0}};
    double found[CORRUPTIONS_MOST + 1];
    char reason[80] = "the baseline makes too few errors to divide by";
    bool few = all->n < IMAGES_LEAST;
    if (few) snprintf(reason, sizeof reason, "n = %d is below the minimum of %d", all->n, IMAGES_LEAST);
    for (int i = 0; i < all->n; i++)
        add(all, (size_t)i, sums);
    ratios(all, sums, found);
    for (int k = 0; k <= p->n; k++) {
        row_key key = {.metric = k < p->n ? "corruption_error" : "mce",
                       .attack = k < p->n ? p->list[k]->name : "corruptions",
                       .group = group,
                       .eps = NAN};
        interval i = few ? (interval){NAN, NAN} : percentiles(drawn, p->n + 1, k, sorted);
        result_value(x, key, all->n, isnan(i.lo) ? NAN : found[k], i, "bootstrap", reason);
    }
}

status corruption_record_ratio(result *x, const corruption_plan *p, const corruption_found *f,
                               const corruption_group *g, const run *r, err *e) {
    size_t counts = (size_t)f->n * (size_t)p->n, columns = (size_t)p->n + 1;
    errors all = {.corruptions = p->n, .counts = {calloc(counts, 1), calloc(counts, 1)}};
    double *drawn = malloc(RESAMPLES * columns * sizeof *drawn), *sorted = malloc(RESAMPLES * sizeof *sorted);
    status s = all.counts[0] && all.counts[1] && drawn && sorted
                   ? STATUS_OK
                   : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        for (int m = 0; m < 2; m++)
            count(p, f, g, m, &all);
        for (int t = 0; t < RESAMPLES && all.n >= IMAGES_LEAST; t++)
            resample(&all, r, t, drawn + (size_t)t * columns);
        record(x, p, g->name, &all, drawn, sorted);
    }
    free(all.counts[0]);
    free(all.counts[1]);
    free(drawn);
    free(sorted);
    return s;
}
