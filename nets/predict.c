#include "nets/predict.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/floats.h"
#include "core/parallel.h"
#include "nets/loss.h"

/* Numbers are no names: formats without class names count their classes. */
static bool same_class(const char *a, const char *b, int i) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    return strcmp(a, b) == 0 || strcmp(a, number) == 0 || strcmp(b, number) == 0;
}

/* As many classes but others would silently be judged as if they were the model's. */
static status same_classes(const model *m, const dataset *d, err *e) {
    for (int i = 0; m->class_names && d->class_names && i < m->classes; i++)
        if (!same_class(m->class_names[i], d->class_names[i], i))
            return err_set(e, STATUS_USAGE, "class %d is '%s' for the model %s and '%s' in %s", i,
                           m->class_names[i], m->arch, d->class_names[i], d->name);
    return STATUS_OK;
}

static status accepts_shape(const model *m, const dataset *d, err *e) {
    if (shape_equal(m->input, d->image)) return STATUS_OK;
    return err_set(e, STATUS_USAGE,
                   "the model %s takes images of %d x %d x %d, %s has %d x %d x %d (height x width x "
                   "channels): use the "
                   "data it was trained on",
                   m->arch, m->input.h, m->input.w, m->input.c, d->name, d->image.h, d->image.w, d->image.c);
}

status model_accepts(const model *m, const dataset *d, err *e) {
    status s = accepts_shape(m, d, e);
    if (s != STATUS_OK) return s;
    if (m->classes != d->classes)
        return err_set(e, STATUS_USAGE,
                       "the model %s knows %d classes, %s has %d: use the data it was trained on", m->arch,
                       m->classes, d->name, d->classes);
    return same_classes(m, d, e);
}

typedef struct prediction {
    model *m;
    const dataset *d;
    const run *r;
    const char *stage;
    float *images; /* of each worker: a tile */
    size_t stride;
    model_draws *draws; /* [worker][tile] */
    float *logits;
    first_failure failed;
    atomic_int done;
} prediction;

static status predict_tile(void *context, int tile, int worker) {
    prediction *p = context;
    size_t size = shape_size(p->d->image);
    int first = tile * p->m->tile, n = tile_rows(p->m, p->d->n, tile);
    float *x = p->images + (size_t)worker * p->stride;
    model_draws *draws = p->draws + (size_t)worker * (size_t)p->m->tile;
    for (int i = 0; i < n; i++) {
        dataset_image(p->d, first + i, x + (size_t)i * size);
        int32_t id = p->d->ids ? p->d->ids[first + i] : first + i; /* images made on the way have none */
        draws[i] = (model_draws){.row = id, .count = (uint32_t)model_votes(p->m)};
    }
    err e = {{0}};
    float *logits = p->logits + (size_t)first * (size_t)p->m->classes;
    status s = model_forward_drawn(p->m, worker, n, x, draws, false, logits, &e);
    int done = atomic_fetch_add(&p->done, n) + n;
    if (worker == 0) run_progress(p->r, p->stage, (uint64_t)done, (uint64_t)p->d->n, NULL);
    return failure_note(&p->failed, tile, s, &e);
}

status predict_logits(model *m, const dataset *d, const run *r, const char *stage, float *logits, err *e) {
    status s = model_accepts(m, d, e);
    return s == STATUS_OK ? predict_outputs(m, d, r, stage, logits, e) : s;
}

status predict_outputs(model *m, const dataset *d, const run *r, const char *stage, float *logits, err *e) {
    status s = accepts_shape(m, d, e);
    if (s != STATUS_OK) return s;
    run own = model_run(m, r);
    prediction p = {.m = m, .d = d, .r = r, .stage = stage, .logits = logits};
    p.images = worker_floats(own.threads, (size_t)m->tile * shape_size(d->image), &p.stride);
    p.draws = calloc((size_t)own.threads * (size_t)m->tile, sizeof *p.draws);
    s = p.images && p.draws ? parallel_for(&own, tile_count(m, d->n), predict_tile, &p) : STATUS_NO_MEMORY;
    s = failure_report(&p.failed, s, stage, e);
    if (s == STATUS_OK) run_progress(r, stage, (uint64_t)d->n, (uint64_t)d->n, NULL);
    free(p.images);
    free(p.draws);
    return s;
}

prediction_counts count_predictions(const float *logits, const int32_t *labels, int n, int classes) {
    prediction_counts c = {.n = n, .constant = n > 1};
    for (int i = 0; i < n; i++) {
        const float *z = logits + (size_t)i * (size_t)classes;
        bool broken = !floats_finite(z, (size_t)classes);
        int class = logits_class(z, classes);
        c.not_finite += broken;
        c.tied += class < 0 && !broken;
        c.correct += class >= 0 && class == labels[i];
        c.constant &= !memcmp(z, logits, (size_t)classes * sizeof *z);
    }
    return c;
}
