/* Accuracy under corruptions as rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/corruption.h"
#include "audit/partition.h"

typedef struct recorder {
    result *x;
    const corruption_plan *p;
    const corruption_found *f;
    const run *r;
    double *shares; /* room for one an image */
} recorder;

bool corruption_group_has(const corruption_group *g, int row) {
    return !g->codes || g->codes[row] == g->code;
}

static void record_clean(const recorder *k, int which, const corruption_group *g) {
    int64_t n = 0, right = 0;
    for (int i = 0; i < k->f->n; i++) {
        n += corruption_group_has(g, i);
        right += corruption_group_has(g, i) && k->f->models[which].clean.correct[i];
    }
    const char *metric = which == 0 ? "accuracy" : "baseline_accuracy";
    result_share(k->x, (row_key){.metric = metric, .group = g->name, .eps = NAN}, right, n);
}

/* The share of conditions first .. first + count in which an image is right, meant over images. Conditions of one image are no independent
 * trials: the image is the unit of the interval. */
static int gather_shares(const recorder *k, int which, const corruption_group *g, int first, int count) {
    int n = 0;
    const uint8_t *correct = k->f->models[which].correct;
    for (int i = 0; i < k->f->n; i++) {
        if (!corruption_group_has(g, i)) continue;
        int right = 0;
        for (int c = first; c < first + count; c++)
            right += correct[(size_t)c * (size_t)k->f->n + (size_t)i];
        k->shares[n++] = (double)right / count;
    }
    return n;
}

static void record_mean(const recorder *k, int which, const corruption_group *g, const char *name, int first,
                        int count) {
    int n = gather_shares(k, which, g, first, count);
    row_key key = {.metric = which == 0 ? "corruption_accuracy" : "baseline_corruption_accuracy",
                   .attack = name,
                   .group = g->name,
                   .eps = NAN};
    double value = n > 0 ? mean(k->shares, n) : NAN;
    interval i = t_interval(k->shares, n, 0.95);
    const char *method = "t";
    if (n > 0 && !(sample_sd(k->shares, n) > 0)) { /* equal shares, as of one image, tell t nothing */
        i = wilson(llround(value * n), n, 0.95);
        method = "wilson";
    }
    i.lo = fmax(i.lo, 0);
    i.hi = fmin(i.hi, 1);
    result_value(k->x, key, n, value, i, method, "no images");
    if (which > 0 || count < corruption_conditions(k->p)) return;
    key.metric = "mean_corruption_error";
    result_value(k->x, key, n, 1 - value, (interval){1 - i.hi, 1 - i.lo}, method, "no images");
}

/* The rows of some images but those of single conditions. */
static void record_means(const recorder *k, int which, const corruption_group *g) {
    int each = k->p->n_severities, all = corruption_conditions(k->p);
    if (k->f->n_done < all) return;
    for (int c = 0; c < k->p->n; c++)
        record_mean(k, which, g, k->p->list[c]->name, c * each, each);
    record_mean(k, which, g, "corruptions", 0, all);
}

static void record_conditions(const recorder *k) {
    int n = k->f->n;
    for (int c = 0; c < k->f->n_done; c++) {
        const uint8_t *correct = k->f->models[0].correct + (size_t)c * (size_t)n;
        int64_t right = 0;
        for (int i = 0; i < n; i++)
            right += correct[i];
        row_key key = {.metric = "accuracy",
                       .attack = k->p->list[c / k->p->n_severities]->name,
                       .norm = "severity",
                       .eps = k->p->severities[c % k->p->n_severities]};
        result_share(k->x, key, right, n);
        result_outcomes(k->x, key, correct, n);
    }
}

/* All rows of some images but those of single conditions. */
static status record_group(const recorder *k, const corruption_group *g, err *e) {
    for (int which = 0; which < k->f->n_models; which++) {
        record_clean(k, which, g);
        record_means(k, which, g);
    }
    bool whole = k->f->n_done == corruption_conditions(k->p);
    return whole && k->f->n_models > 1 ? corruption_record_ratio(k->x, k->p, k->f, g, k->r, e) : STATUS_OK;
}

static status record_classes(const recorder *k, const dataset *d, err *e) {
    status s = STATUS_OK;
    for (int32_t class = 0; s == STATUS_OK && class < d->classes; class ++) {
        char name[160];
        snprintf(name, sizeof name, "class=%s", d->class_names[class]);
        s = record_group(k, &(corruption_group){name, d->labels, class}, e);
    }
    return s;
}

static status record_column(const recorder *k, const dataset *d, const char *name, err *e) {
    partition groups;
    status s = partition_new(&d->columns, name, NULL, &groups, e);
    if (s != STATUS_OK) return s;
    for (int32_t code = 0; s == STATUS_OK && code < groups.n_groups; code++)
        s = record_group(k, &(corruption_group){groups.names[code], groups.codes, code}, e);
    partition_free(&groups);
    return s;
}

status corruption_record(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f,
                         const column_choice *columns, const run *r, err *e) {
    recorder k = {x, p, f, r, malloc(((size_t)f->n + 1) * sizeof(double))};
    if (!k.shares) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = record_group(&k, &(corruption_group){NULL, NULL, 0}, e);
    result_outcomes(x, (row_key){.metric = "accuracy", .eps = NAN}, f->models[0].clean.correct, f->n);
    record_conditions(&k);
    if (s == STATUS_OK) s = record_classes(&k, d, e);
    for (int i = 0; s == STATUS_OK && i < columns->n; i++)
        s = record_column(&k, d, columns->names[i], e);
    result_cost(x, (uint64_t)f->n * (uint64_t)(1 + f->n_done) * (uint64_t)f->n_models, 0);
    corruption_warn(x, d, p, f);
    free(k.shares);
    return s;
}
