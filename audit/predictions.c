#include "audit/predictions.h"

#include <math.h>

#include "core/floats.h"
#include <stdio.h>
#include <stdlib.h>

#include "nets/loss.h"

enum { SAMPLES = 8 }; /* row ids named in a warning */

static status allocate(const dataset *d, bool dropout, predictions *out, err *e) {
    *out = (predictions){.n = d->n, .classes = d->classes, .draws = 1};
    size_t n = (size_t)d->n, classes = (size_t)d->classes;
    out->logits = calloc(n * classes + 1, sizeof *out->logits);
    out->answers = calloc(n + 1, sizeof *out->answers);
    out->correct = calloc(n + 1, sizeof *out->correct);
    if (dropout) {
        out->entropy = calloc(n + 1, sizeof *out->entropy);
        out->information = calloc(n + 1, sizeof *out->information);
    }
    bool room =
        out->logits && out->answers && out->correct && (!dropout || (out->entropy && out->information));
    return room ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

/* Judges the logits, or frees everything where `s` is a failure. */
static status judge(const dataset *d, predictions *p, status s) {
    if (s != STATUS_OK) {
        predictions_free(p);
        return s;
    }
    for (int i = 0; i < d->n; i++) {
        p->answers[i] = logits_class(p->logits + (size_t)i * (size_t)d->classes, d->classes);
        p->correct[i] = p->answers[i] == d->labels[i];
    }
    p->counts = count_predictions(p->logits, d->labels, d->n, d->classes);
    return STATUS_OK;
}

status predictions_make(model *m, const dataset *d, const run *r, predictions *out, err *e) {
    status s = allocate(d, false, out, e);
    if (s == STATUS_OK) s = predict_logits(m, d, r, "predict", out->logits, e);
    out->draws = model_votes(m);
    return judge(d, out, s);
}

status predictions_make_dropout(const net *n, weights *w, const dataset *d, int passes, const run *r,
                                predictions *out, err *e) {
    status s = allocate(d, true, out, e);
    mc_answers answers = {out->logits, out->entropy, out->information};
    if (s == STATUS_OK) s = mc_dropout(n, w, d, passes, r, "predict", &answers, e);
    return judge(d, out, s);
}

void predictions_free(predictions *p) {
    free(p->logits);
    free(p->answers);
    free(p->correct);
    free(p->entropy);
    free(p->information);
    *p = (predictions){0};
}

/* Ids of the first rows without an answer whose logits are, or are not, finite. */
static int rows_without_answer(const dataset *d, const predictions *p, bool finite, int32_t ids[SAMPLES]) {
    int n = 0;
    for (int i = 0; i < p->n && n < SAMPLES; i++)
        if (p->answers[i] < 0 &&
            floats_finite(p->logits + (size_t)i * (size_t)p->classes, (size_t)p->classes) == finite)
            ids[n++] = d->ids[i];
    return n;
}

void predictions_warn(result *x, const dataset *d, const predictions *p) {
    int32_t ids[SAMPLES];
    char text[160];
    if (p->counts.not_finite) {
        snprintf(text, sizeof text, "logits of %lld of %d images are NaN or infinite: they count as wrong",
                 (long long)p->counts.not_finite, p->n);
        int n = rows_without_answer(d, p, false, ids);
        result_warning(x, "NOT_FINITE", text, ids, n, "audit inspect MODEL");
    }
    if (p->counts.tied) {
        snprintf(text, sizeof text, "the largest logit is tied for %lld of %d images: they count as wrong",
                 (long long)p->counts.tied, p->n);
        int n = rows_without_answer(d, p, true, ids);
        result_warning(x, "TIED", text, ids, n, "audit inspect MODEL");
    }
    if (p->counts.constant && p->n > 1)
        result_warning(x, "CONSTANT",
                       "every image gets the same logits: the model does not look at its input", NULL, 0,
                       "audit inspect MODEL");
}

static void record_class(result *x, const dataset *d, const predictions *p, int class) {
    int64_t n = 0, correct = 0;
    for (int i = 0; i < p->n; i++)
        if (d->labels[i] == class) {
            n++;
            correct += p->correct[i];
        }
    char group[160];
    snprintf(group, sizeof group, "class=%s", d->class_names[class]);
    result_share(x, (row_key){.metric = "accuracy", .group = group, .eps = NAN}, correct, n);
}

void predictions_record(result *x, const dataset *d, const predictions *p) {
    row_key all = {.metric = "accuracy", .eps = NAN};
    result_share(x, all, p->counts.correct, p->n);
    for (int class = 0; class < d->classes; class ++)
        record_class(x, d, p, class);
    result_outcomes(x, all, p->correct, p->n);
    result_cost(x, (uint64_t)p->n * (uint64_t)p->draws, 0);
    predictions_warn(x, d, p);
}

/* Mean of the values of images whose answer is right (1), wrong (0), or any (-1). */
static void record_mean(result *x, const predictions *p, const char *metric, const float *values, int which,
                        double *chosen) {
    static const char *const groups[] = {NULL, "answer=wrong", "answer=right"};
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (which < 0 || p->correct[i] == which) chosen[n++] = (double)values[i];
    row_key key = {.metric = metric, .group = groups[which + 1], .eps = NAN};
    result_value(x, key, n, n > 0 ? mean(chosen, n) : NAN, t_interval(chosen, n, 0.95), "t",
                 n > 0 ? NULL : "no images");
}

void predictions_record_spread(result *x, const predictions *p) {
    double *chosen = p->entropy ? malloc(((size_t)p->n + 1) * sizeof *chosen) : NULL;
    for (int which = -1; chosen && which <= 1; which++) {
        record_mean(x, p, "entropy", p->entropy, which, chosen);
        record_mean(x, p, "information", p->information, which, chosen);
    }
    free(chosen);
}
