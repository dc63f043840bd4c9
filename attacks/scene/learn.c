#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/attack.h"
#include "attacks/scene/learn_internal.h"
#include "core/arena.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "nets/loss.h"
#include "nets/predict.h"

static const double keep = 0.9; /* of the momentum */

typedef struct lecture {
    model *m;
    const dataset *d;
    const lesson *k;
    const learn_plan *p;
    const run *r;
    const float *learned;
    int32_t *order;         /* rows, shuffled anew when all were seen */
    int batch, step, first; /* of the batch in `order` */
    double *pulls;          /* of each tile of a batch, size each */
    int *fooled;            /* of each tile */
    float *scratch;         /* of each worker: a tile of images and of gradients, logits and theirs */
    size_t stride;
    first_failure failed;
} lecture;

/* The loss that is climbed, and its gradient. */
static void loss_gradient(const learn_plan *p, const float *z, int classes, int label, float *dz) {
    if (p->target >= 0) {
        cross_entropy(z, classes, p->target, dz);
        for (int i = 0; i < classes; i++)
            dz[i] = -dz[i];
    } else if (cross_entropy(z, classes, label, dz) > p->cap && p->cap > 0) {
        memset(dz, 0, (size_t)classes * sizeof *dz);
    }
}

static status teach_tile(void *context, int tile, int worker) {
    lecture *l = context;
    model *m = l->m;
    size_t d = shape_size(l->d->image), classes = (size_t)m->classes;
    int n = tile_rows(m, l->batch, tile);
    const int32_t *rows = l->order + l->first + tile * m->tile;
    float *x = l->scratch + (size_t)worker * l->stride, *dx = x + (size_t)m->tile * d;
    float *logits = dx + (size_t)m->tile * d, *dz = logits + (size_t)m->tile * classes;
    double *pull = l->pulls + (size_t)tile * l->k->size;
    err e = {{0}};
    for (int i = 0; i < n; i++) {
        dataset_image(l->d, rows[i], x + (size_t)i * d);
        l->k->apply(l->k->self, l->learned, rows[i], l->step, x + (size_t)i * d);
    }
    status s = model_forward(m, worker, n, x, true, logits, &e);
    memset(pull, 0, l->k->size * sizeof *pull);
    l->fooled[tile] = 0;
    for (int i = 0; s == STATUS_OK && i < n; i++) {
        const float *z = logits + (size_t)i * classes;
        loss_gradient(l->p, z, m->classes, l->d->labels[rows[i]], dz + (size_t)i * classes);
        attack_sample judged = {
            .classes = m->classes, .label = l->d->labels[rows[i]], .target = l->p->target};
        l->fooled[tile] += attack_succeeds(&judged, z);
    }
    if (s == STATUS_OK) s = model_vjp(m, worker, n, dz, dx, &e);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        l->k->pull(l->k->self, rows[i], l->step, dx + (size_t)i * d, pull);
    return failure_note(&l->failed, tile, s, &e);
}

/* The tiles' pulls in their order, so that threads change nothing; into the momentum. */
static void gather(const lecture *l, int tiles, double *momentum) {
    size_t size = l->k->size;
    double sum = 0;
    for (int tile = 1; tile < tiles; tile++)
        for (size_t i = 0; i < size; i++)
            l->pulls[i] += l->pulls[(size_t)tile * size + i];
    for (size_t i = 0; i < size; i++)
        sum += fabs(l->pulls[i]);
    double scale = sum > 0 && isfinite(sum) ? 1 / sum : 0;
    for (size_t i = 0; i < size; i++)
        momentum[i] = keep * momentum[i] + (scale > 0 ? scale * l->pulls[i] : 0);
}

/* The next batch; all images are seen before one is seen again, but for a rest that does not fill a batch. */
static void next_batch(lecture *l, int *epoch) {
    l->first += l->step > 0 ? l->batch : 0;
    if (l->step > 0 && l->first + l->batch <= l->d->n) return;
    rng g = rng_stream(l->r->seed, "learn-order", 0, 0, (uint32_t)(*epoch)++, 0);
    rng_shuffle(&g, l->order, l->d->n);
    l->first = 0;
}

static status teach(lecture *l, const run *own, const char *stage, float *learned, double *momentum, err *e) {
    int tiles = tile_count(l->m, l->batch), epoch = 0;
    for (l->step = 0; l->step < l->p->steps; l->step++) {
        next_batch(l, &epoch);
        status s = parallel_for(own, tiles, teach_tile, l);
        if (s != STATUS_OK) return failure_report(&l->failed, s, stage, e);
        gather(l, tiles, momentum);
        double length = l->p->step_size * 2 * (1 - (l->step + 0.5) / l->p->steps);
        l->k->move(l->k->self, length, momentum, learned);
        int fooled = 0;
        for (int tile = 0; tile < tiles; tile++)
            fooled += l->fooled[tile];
        char note[48];
        snprintf(note, sizeof note, "fools %.1f %%", 100.0 * fooled / l->batch);
        run_progress(l->r, stage, (uint64_t)l->step + 1, (uint64_t)l->p->steps, note);
    }
    return STATUS_OK;
}

status learn_check(const model *m, const dataset *d, const learn_plan *p, err *e) {
    status s = model_accepts(m, d, e);
    if (s != STATUS_OK) return s;
    if (d->n == 0) return err_set(e, STATUS_USAGE, "no images to learn from");
    if (p->steps < 1 || p->batch < 1)
        return err_set(e, STATUS_USAGE, "%d steps of %d images, expected at least one of each", p->steps,
                       p->batch);
    if (!(p->step_size > 0 && isfinite(p->step_size)))
        return err_set(e, STATUS_USAGE, "step size %g, expected a finite number above 0", p->step_size);
    if (p->target >= d->classes)
        return err_set(e, STATUS_USAGE, "target %d, expected 0..%d", p->target, d->classes - 1);
    if (!model_has_gradient(m))
        return err_set(e, STATUS_USAGE, "the model %s gives no gradient, which is needed here", m->arch);
    return STATUS_OK;
}

status learn(model *m, const dataset *d, const lesson *k, const learn_plan *p, const run *r,
             const char *stage, float *learned, learn_cost *cost, err *e) {
    run own = model_run(m, r);
    arena memory = {0};
    lecture l = {.m = m,
                 .d = d,
                 .k = k,
                 .p = p,
                 .r = r,
                 .learned = learned,
                 .batch = p->batch < d->n ? p->batch : d->n};
    size_t tiles = (size_t)tile_count(m, l.batch), pulls = 0;
    if (size_multiply(tiles, k->size, &pulls)) l.pulls = arena_array(&memory, pulls, sizeof *l.pulls);
    l.order = arena_array(&memory, (size_t)d->n, sizeof *l.order);
    l.fooled = arena_array(&memory, tiles, sizeof *l.fooled);
    double *momentum = arena_array(&memory, k->size, sizeof *momentum);
    l.scratch = worker_floats(own.threads, 2 * (size_t)m->tile * (shape_size(d->image) + (size_t)m->classes),
                              &l.stride);
    status s = STATUS_NO_MEMORY;
    if (l.pulls && l.order && l.fooled && momentum && l.scratch) {
        for (int row = 0; row < d->n; row++)
            l.order[row] = row;
        s = teach(&l, &own, stage, learned, momentum, e);
        cost->forwards += (uint64_t)l.step * (uint64_t)l.batch;
        cost->backwards += (uint64_t)l.step * (uint64_t)l.batch;
    } else {
        err_set(e, s, "%s: out of memory", stage);
    }
    free(l.scratch);
    arena_free(&memory);
    return s;
}
