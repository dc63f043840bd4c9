#include "audit/corruption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int corruption_conditions(const corruption_plan *p) {
    return p->n * p->n_severities;
}

status corruption_images(const dataset *d, const corruption_plan *p, int condition, const run *r,
                         uint8_t *out, err *e) {
    const corruption *k = p->list[condition / p->n_severities];
    int severity = p->severities[condition % p->n_severities];
    if (p->arrays) return corruption_arrays_read(p->arrays, d, k, severity, out, e);
    return corrupt_pixels(d, k, severity, r, out, e);
}

static status answers_new(const corruption_plan *p, int n, corruption_answers *a, err *e) {
    size_t conditions = (size_t)corruption_conditions(p);
    a->correct = calloc(conditions, (size_t)n);
    a->likeliest = calloc(conditions, sizeof *a->likeliest);
    a->likeliest_n = calloc(conditions, sizeof *a->likeliest_n);
    bool room = a->correct && a->likeliest && a->likeliest_n;
    return room ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

/* The class that is answered most. */
static void find_likeliest(const predictions *q, int32_t *class, int *times) {
    *times = 0;
    for (int k = 0; k < q->classes; k++) {
        int n = 0;
        for (int i = 0; i < q->n; i++)
            n += q->answers[i] == k;
        if (n <= *times) continue;
        *class = k;
        *times = n;
    }
}

static status ask(model *m, const dataset *corrupted, int condition, const run *r, corruption_answers *a,
                  err *e) {
    predictions q;
    status s = predictions_make(m, corrupted, r, &q, e);
    if (s != STATUS_OK) return s;
    memcpy(a->correct + (size_t)condition * (size_t)corrupted->n, q.correct, (size_t)corrupted->n);
    find_likeliest(&q, &a->likeliest[condition], &a->likeliest_n[condition]);
    a->not_finite += q.counts.not_finite;
    predictions_free(&q);
    return s;
}

static void show_progress(const run *r, const corruption_plan *p, int condition) {
    char note[80] = "";
    int all = corruption_conditions(p);
    if (condition < all)
        snprintf(note, sizeof note, "%s %d", p->list[condition / p->n_severities]->name,
                 p->severities[condition % p->n_severities]);
    run_progress(r, "corrupt", (uint64_t)condition, (uint64_t)all, note);
}

static status measure(model *const *models, const dataset *d, const corruption_plan *p, const run *r,
                      uint8_t *pixels, corruption_found *f, err *e) {
    dataset corrupted = *d; /* a view: it owns nothing */
    corrupted.pixels = pixels;
    corrupted.values = NULL;
    run quiet = *r;
    quiet.progress = NULL;
    status s = STATUS_OK;
    for (int c = 0; s == STATUS_OK && c < corruption_conditions(p); c++) {
        show_progress(r, p, c);
        s = corruption_images(d, p, c, &quiet, pixels, e);
        for (int k = 0; s == STATUS_OK && k < f->n_models; k++)
            s = ask(models[k], &corrupted, c, &quiet, &f->models[k], e);
        if (s == STATUS_OK) f->n_done++;
    }
    show_progress(r, p, f->n_done);
    return s;
}

status corruption_measure(model *const *models, int n_models, const dataset *d, const corruption_plan *p,
                          const run *r, corruption_found *out, err *e) {
    *out = (corruption_found){.n = d->n, .n_models = n_models};
    uint8_t *pixels = malloc((size_t)d->n * shape_size(d->image));
    status s = pixels ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int k = 0; s == STATUS_OK && k < n_models; k++) {
        s = answers_new(p, d->n, &out->models[k], e);
        if (s == STATUS_OK) s = predictions_make(models[k], d, r, &out->models[k].clean, e);
        if (s != STATUS_OK && k > 0) s = err_prefix(e, s, "--baseline");
    }
    if (s == STATUS_OK) s = measure(models, d, p, r, pixels, out, e);
    free(pixels);
    return s;
}

void corruption_found_free(corruption_found *f) {
    for (int k = 0; k < f->n_models; k++) {
        predictions_free(&f->models[k].clean);
        free(f->models[k].correct);
        free(f->models[k].likeliest);
        free(f->models[k].likeliest_n);
    }
    *f = (corruption_found){0};
}
