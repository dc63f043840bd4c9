#include "attacks/walk.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/runner_internal.h"
#include "attacks/scene/scene_internal.h"
#include "core/parallel.h"
#include "nets/predict.h"

typedef struct walking {
    model *m;
    const dataset *d;
    const walk_plan *p;
    attack_options options;
    const run *r;
    const char *stage;
    float *examples, *scratch;
    size_t stride;
    first_failure failed;
    atomic_int done;
    atomic_ullong forwards, backwards, outside;
} walking;

/* A tile under way: what its images are, and what each asks for next. */
typedef struct tile_walk {
    int first, n;
    float *x0, *lb, *ub, *dx;          /* tile x d */
    float *clean, *logits, *dz, *loss; /* tile x classes; tile */
    attack_sample *samples;
    void **states;
    ask *asks;
    arena memory;
} tile_walk;

const attack *walk_method_at(int i) {
    static const char *const names[] = {"mifgsm", "pgd", "bim", "fgsm", "rfgsm"};
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? attack_find(names[i]) : NULL;
}

static bool walks_to_end(const attack *method) {
    for (int i = 0; walk_method_at(i); i++)
        if (walk_method_at(i) == method) return true;
    return false;
}

static bool tile_alloc(tile_walk *t, const walking *w, int tile, int worker) {
    size_t images = (size_t)w->m->tile * shape_size(w->d->image), n = (size_t)w->m->tile;
    size_t answers = n * (size_t)w->m->classes;
    float *at = w->scratch + (size_t)worker * w->stride;
    *t = (tile_walk){.first = tile * w->m->tile,
                     .n = tile_rows(w->m, w->d->n, tile),
                     .x0 = at,
                     .lb = at + images,
                     .ub = at + 2 * images,
                     .dx = at + 3 * images,
                     .clean = at + 4 * images};
    t->logits = t->clean + answers;
    t->dz = t->logits + answers;
    t->loss = t->dz + answers;
    t->samples = arena_array(&t->memory, n, sizeof *t->samples);
    t->states = arena_array(&t->memory, n, sizeof *t->states);
    t->asks = arena_array(&t->memory, n, sizeof *t->asks);
    return t->samples && t->states && t->asks;
}

/* Clean image, ball and first iterate of image i. */
static bool sample_begin(tile_walk *t, const walking *w, int i) {
    size_t d = shape_size(w->d->image), at = (size_t)i * d;
    int row = t->first + i;
    t->samples[i] = (attack_sample){.d = d,
                                    .image = w->d->image,
                                    .classes = w->m->classes,
                                    .label = w->d->labels[row],
                                    .target = -1,
                                    .norm = w->p->norm,
                                    .eps = w->p->eps,
                                    .x0 = t->x0 + at,
                                    .lb = t->lb + at,
                                    .ub = t->ub + at,
                                    .clean_logits = t->clean + (size_t)i * (size_t)w->m->classes,
                                    .options = &w->options,
                                    .seed = w->r->seed,
                                    .id = w->d->ids[row]};
    attack_sample *s = &t->samples[i];
    ball_box(s->norm, s->eps, s->x0, d, t->lb + at, t->ub + at);
    if (!t->states[i]) t->states[i] = arena_alloc(&t->memory, w->p->method->state_bytes(s));
    if (!t->states[i]) return false;
    t->asks[i] = w->p->method->start(s, t->states[i], w->examples + (size_t)row * d);
    return true;
}

static bool under_way(const tile_walk *t) {
    for (int i = 0; i < t->n; i++)
        if (t->asks[i] != ASK_DONE) return true;
    return false;
}

/* One evaluation of the whole tile, whose images walk in step, and what each makes of its answer. */
static status tile_step(tile_walk *t, walking *w, int worker, err *e) {
    size_t d = shape_size(w->d->image), classes = (size_t)w->m->classes;
    float *x = w->examples + (size_t)t->first * d;
    bool gradient = false;
    for (int i = 0; i < t->n; i++)
        gradient = gradient || t->asks[i] == ASK_GRADIENT;
    status s = model_forward(w->m, worker, t->n, x, gradient, t->logits, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < t->n; i++)
        t->loss[i] = judge_loss(&t->samples[i], t->logits + (size_t)i * classes, t->dz + (size_t)i * classes);
    if (gradient) s = model_vjp(w->m, worker, t->n, t->dz, t->dx, e);
    if (s != STATUS_OK) return s;
    atomic_fetch_add(&w->forwards, (unsigned)t->n);
    if (gradient) atomic_fetch_add(&w->backwards, (unsigned)t->n);
    for (int i = 0; i < t->n; i++) {
        if (t->asks[i] == ASK_DONE) continue;
        attack_answer a = {t->logits + (size_t)i * classes, NULL, t->loss[i]};
        if (t->asks[i] == ASK_GRADIENT) a.gradient = t->dx + (size_t)i * d;
        t->asks[i] = w->p->method->step(&t->samples[i], t->states[i], &a, x + (size_t)i * d);
    }
    return STATUS_OK;
}

static void count_outside(const tile_walk *t, walking *w) {
    size_t d = shape_size(w->d->image);
    for (int i = 0; i < t->n; i++) {
        const attack_sample *s = &t->samples[i];
        const float *x = w->examples + (size_t)(t->first + i) * d;
        if (!ball_contains(s->norm, s->eps, s->x0, s->lb, s->ub, x, d)) atomic_fetch_add(&w->outside, 1);
    }
}

static status tile_run(tile_walk *t, walking *w, int worker, err *e) {
    size_t d = shape_size(w->d->image);
    for (int i = 0; i < t->n; i++)
        dataset_image(w->d, t->first + i, t->x0 + (size_t)i * d);
    status s = model_forward(w->m, worker, t->n, t->x0, false, t->clean, e);
    atomic_fetch_add(&w->forwards, (unsigned)t->n);
    for (int i = 0; s == STATUS_OK && i < t->n; i++)
        if (!sample_begin(t, w, i)) s = err_set(e, STATUS_NO_MEMORY, "%s: out of memory", w->stage);
    while (s == STATUS_OK && under_way(t))
        s = run_cancelled(w->r) ? STATUS_CANCELLED : tile_step(t, w, worker, e);
    if (s == STATUS_OK) count_outside(t, w);
    return s;
}

static status walk_tile(void *context, int tile, int worker) {
    walking *w = context;
    tile_walk t;
    err e = {{0}};
    status s = tile_alloc(&t, w, tile, worker) ? tile_run(&t, w, worker, &e)
                                               : err_set(&e, STATUS_NO_MEMORY, "%s: out of memory", w->stage);
    arena_free(&t.memory);
    int done = atomic_fetch_add(&w->done, t.n) + t.n;
    if (worker == 0) run_progress(w->r, w->stage, (uint64_t)done, (uint64_t)w->d->n, NULL);
    return failure_note(&w->failed, tile, s, &e);
}

static status check(const model *m, const dataset *d, const walk_plan *p, err *e) {
    status s = model_accepts(m, d, e);
    if (s != STATUS_OK) return s;
    if (!walks_to_end(p->method))
        return err_set(e, STATUS_USAGE,
                       "%s: its last iterate is not its best, expected fgsm, bim, mifgsm or pgd",
                       p->method->name);
    if (!(p->method->norms & 1u << p->norm))
        return err_set(e, STATUS_USAGE, "%s: does not work with norm %s", p->method->name,
                       norm_name(p->norm));
    if (!(p->eps > 0 && isfinite(p->eps)))
        return err_set(e, STATUS_USAGE, "eps %g, expected a finite number above 0", p->eps);
    if (!model_has_gradient(m))
        return err_set(e, STATUS_USAGE, "%s: needs a gradient, which the model %s does not give",
                       p->method->name, m->arch);
    return STATUS_OK;
}

status walk_all(model *m, const dataset *d, const walk_plan *p, const run *r, const char *stage,
                float *examples, walk_cost *cost, err *e) {
    status s = check(m, d, p, e);
    if (s != STATUS_OK) return s;
    run own = model_run(m, r);
    walking w = {.m = m,
                 .d = d,
                 .p = p,
                 .options = attack_options_fill(p->method, p->options),
                 .r = r,
                 .stage = stage,
                 .examples = examples};
    size_t floats = (size_t)m->tile * (4 * shape_size(d->image) + 3 * (size_t)m->classes + 1);
    w.scratch = worker_floats(own.threads, floats, &w.stride);
    if (!w.scratch) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", stage);
    s = parallel_for(&own, tile_count(m, d->n), walk_tile, &w);
    cost->forwards += atomic_load(&w.forwards);
    cost->backwards += atomic_load(&w.backwards);
    cost->outside += (int64_t)atomic_load(&w.outside);
    free(w.scratch);
    return failure_report(&w.failed, s, stage, e);
}
