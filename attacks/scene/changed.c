#include "attacks/changed.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/floats.h"
#include "core/parallel.h"
#include "nets/loss.h"
#include "nets/predict.h"

typedef struct asking {
    model *m;
    const dataset *d;
    const image_change *change;
    const run *r;
    const char *stage;
    int32_t *answers;
    float *scratch; /* of each worker: a tile of images, and their logits */
    size_t stride;
    first_failure failed;
    atomic_int done;
} asking;

static void leave(const void *how, int row, float *x) {
    (void)how;
    (void)row;
    (void)x;
}

int32_t answer_of(const float *logits, int classes) {
    if (!floats_finite(logits, (size_t)classes)) return ANSWER_NOT_FINITE;
    int class = logits_class(logits, classes);
    return class >= 0 ? class : ANSWER_TIED;
}

const image_change image_unchanged = {leave, NULL};

static status ask_tile(void *context, int tile, int worker) {
    asking *a = context;
    model *m = a->m;
    size_t d = shape_size(a->d->image);
    int first = tile * m->tile, n = tile_rows(m, a->d->n, tile);
    float *x = a->scratch + (size_t)worker * a->stride, *logits = x + (size_t)m->tile * d;
    for (int i = 0; i < n; i++) {
        dataset_image(a->d, first + i, x + (size_t)i * d);
        a->change->make(a->change->how, first + i, x + (size_t)i * d);
    }
    err e = {{0}};
    status s = model_forward(m, worker, n, x, false, logits, &e);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        a->answers[first + i] = answer_of(logits + i * m->classes, m->classes);
    int done = atomic_fetch_add(&a->done, n) + n;
    if (worker == 0) run_progress(a->r, a->stage, (uint64_t)done, (uint64_t)a->d->n, NULL);
    return failure_note(&a->failed, tile, s, &e);
}

status changed_answers(model *m, const dataset *d, const image_change *change, const run *r,
                       const char *stage, int32_t *answers, err *e) {
    status s = model_accepts(m, d, e);
    if (s != STATUS_OK) return s;
    run own = model_run(m, r);
    asking a = {.m = m, .d = d, .change = change, .r = r, .stage = stage, .answers = answers};
    size_t floats = (size_t)m->tile * (shape_size(d->image) + (size_t)m->classes);
    a.scratch = worker_floats(own.threads, floats, &a.stride);
    if (!a.scratch) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", stage);
    s = parallel_for(&own, tile_count(m, d->n), ask_tile, &a);
    free(a.scratch);
    return failure_report(&a.failed, s, stage, e);
}

int rows_spread(const dataset *d, const uint8_t *wanted, int most, int *rows) {
    int n = 0;
    bool found = true;
    for (int round = 0; found && n < most; round++) {
        found = false;
        for (int class = 0; class < d->classes && n < most; class ++) {
            int seen = 0, row = 0;
            while (row < d->n && !(d->labels[row] == class && wanted[row] && seen++ == round))
                row++;
            if (row == d->n) continue;
            rows[n++] = row;
            found = true;
        }
    }
    return n;
}

int64_t answers_right(const dataset *d, const int32_t *answers) {
    int64_t right = 0;
    for (int row = 0; row < d->n; row++)
        right += answers[row] == d->labels[row];
    return right;
}

int64_t target_hits(const dataset *d, const int32_t *clean, const int32_t *answers, int target, int64_t *n) {
    int64_t hits = 0;
    *n = 0;
    for (int row = 0; row < d->n; row++) {
        if (clean[row] != d->labels[row] || d->labels[row] == target) continue;
        hits += answers[row] == target;
        *n += 1;
    }
    return hits;
}

int64_t answers_changed(int n_images, const int32_t *clean, const int32_t *answers, int64_t *n) {
    int64_t changed = 0;
    *n = 0;
    for (int row = 0; row < n_images; row++) {
        if (clean[row] < 0) continue;
        changed += answers[row] != clean[row];
        *n += 1;
    }
    return changed;
}
