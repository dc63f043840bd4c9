/* The search of a tile of rows, from its first images to the last step of its walk. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"
#include "attacks/levels.h"
#include "attacks/levels/levels_internal.h"
#include "core/arena.h"
#include "core/floats.h"
#include "core/parallel.h"

enum { STEPS = 20 };
static const double first_share = 0.5; /* of eps: the length of a step; it falls to 0 */

/* What a worker has for each row of a tile. */
typedef struct lane {
    attack_sample s;
    int row;
    float *x0, *lb, *ub, *image, *walk,
        *other;   /* images: `image` of levels, the last asked for; `walk` of floats, where the walk stands */
    float margin; /* of the last image asked for; from 0 on it breaks the model */
    float best;   /* of the one from which the walk begins; -INFINITY: there is none */
    bool open;    /* neither found nor given up */
    bool asked;   /* `image` is to be asked for */
} lane;

typedef struct search {
    model *m;
    const dataset *d;
    const level_plan *p;
    level_finds *out;
    lane *lanes; /* [worker][tile] */
    float *scratch;
    size_t stride;
    uint64_t *forwards, *backwards; /* [tile of rows] */
    model_draws *draws;             /* [worker][tile] */
    first_failure failed;
    const run *r;
    atomic_int done; /* rows */
} search;

/* One tile at work: its lanes and what it hands the model. */
typedef struct tile_search {
    search *k;
    lane *lanes;
    model_draws *draws;
    int n, worker;
    float *x, *slopes, *logits, *dz; /* tiles */
    uint64_t *forwards, *backwards;
    err e;
} tile_search;

enum { IMAGES = 8 }; /* per lane: six of its own, one handed to the model and one slope */

static size_t floats_of(const model *m, size_t d) {
    return (size_t)m->tile * (IMAGES * d + 2 * (size_t)m->classes);
}

static void lane_begin(lane *l, const search *k, int row, float *memory) {
    size_t d = shape_size(k->d->image);
    *l = (lane){.row = row, .best = -INFINITY, .open = true};
    float **parts[] = {&l->x0, &l->lb, &l->ub, &l->image, &l->walk, &l->other};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = memory + i * d;
    dataset_image(k->d, row, l->x0);
    level_box(k->p->norm, k->p->eps, l->x0, d, l->lb, l->ub);
    l->s = (attack_sample){.d = d,
                           .image = k->d->image,
                           .classes = k->m->classes,
                           .label = k->d->labels[row],
                           .target = k->p->targets ? k->p->targets[row] : -1,
                           .norm = k->p->norm,
                           .eps = k->p->eps,
                           .x0 = l->x0,
                           .lb = l->lb,
                           .ub = l->ub,
                           .id = k->d->ids[row]};
}

static void tile_begin(tile_search *t, search *k, int tile, int worker) {
    size_t d = shape_size(k->d->image), most = (size_t)k->m->tile;
    float *memory = k->scratch + (size_t)worker * k->stride;
    *t = (tile_search){.k = k,
                       .lanes = k->lanes + (size_t)worker * most,
                       .draws = k->draws + (size_t)worker * most,
                       .n = tile_rows(k->m, k->p->n, tile),
                       .worker = worker,
                       .x = memory,
                       .slopes = memory + most * d,
                       .forwards = k->forwards + tile,
                       .backwards = k->backwards + tile};
    memory += 2 * most * d;
    for (int i = 0; i < t->n; i++)
        lane_begin(&t->lanes[i], k, k->p->rows[tile * k->m->tile + i], memory + (size_t)i * 6 * d);
    t->logits = memory + 6 * most * d;
    t->dz = t->logits + most * (size_t)k->m->classes;
}

static void take(const tile_search *t, lane *l, const float *logits) {
    const level_finds *out = t->k->out;
    size_t row = (size_t)l->row, classes = (size_t)l->s.classes;
    l->open = false;
    out->found[row] = 1;
    memcpy(out->images + row * l->s.d, l->image, l->s.d * sizeof *l->image);
    memcpy(out->logits + row * classes, logits, classes * sizeof *logits);
}

/* Asks for the images that are marked so, and takes those that break the model. */
static status ask_marked(tile_search *t) {
    size_t d = shape_size(t->k->d->image), classes = (size_t)t->k->m->classes;
    int n = 0;
    for (int i = 0; i < t->n; i++) {
        const lane *l = &t->lanes[i];
        if (!l->asked) continue;
        memcpy(t->x + (size_t)n * d, l->image, d * sizeof *t->x);
        t->draws[n++] = (model_draws){.row = l->s.id, .count = (uint32_t)model_votes(t->k->m)};
    }
    if (n == 0) return STATUS_OK;
    status done = model_forward_drawn(t->k->m, t->worker, n, t->x, t->draws, false, t->logits, &t->e);
    *t->forwards += (uint64_t)n * (uint64_t)model_votes(t->k->m);
    for (int i = 0, place = 0; done == STATUS_OK && i < t->n; i++) {
        lane *l = &t->lanes[i];
        if (!l->asked) continue;
        const float *logits = t->logits + (size_t)place++ * classes;
        l->margin = (float)-attack_margin(&l->s, logits);
        l->asked = false;
        if (attack_succeeds(&l->s, logits)) take(t, l, logits);
    }
    return done;
}

/* Of the two ways into the levels the walk begins at the one that is nearer to success. */
static void choose_begin(lane *l) {
    if (!l->open || !(l->margin > l->best)) return;
    l->best = l->margin;
    memcpy(l->walk, l->other, l->s.d * sizeof *l->walk);
}

static status try_example(tile_search *t, bool moved_on) {
    for (int i = 0; i < t->n; i++) {
        lane *l = &t->lanes[i];
        const float *example = t->k->p->examples + (size_t)l->row * l->s.d;
        l->margin = -INFINITY;
        if (!moved_on) memcpy(l->other, example, l->s.d * sizeof *l->other);
        if (!l->open || (moved_on && !level_push(&l->s, example, l->other))) continue;
        l->asked = level_round(&l->s, l->other, l->image);
    }
    status done = ask_marked(t);
    for (int i = 0; done == STATUS_OK && i < t->n; i++)
        choose_begin(&t->lanes[i]);
    return done;
}

/* The slopes of the margin at the images of levels on which the walks stand, one after the other. */
static status ask_slopes(tile_search *t) {
    size_t d = shape_size(t->k->d->image), classes = (size_t)t->k->m->classes;
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if (t->lanes[i].open) memcpy(t->x + (size_t)n++ * d, t->lanes[i].image, d * sizeof *t->x);
    if (n == 0) return STATUS_OK;
    status done = model_forward(t->k->m, t->worker, n, t->x, true, t->logits, &t->e);
    for (int i = 0, place = 0; done == STATUS_OK && i < t->n; i++) {
        if (!t->lanes[i].open) continue;
        loss_margin(&t->lanes[i].s, NULL, t->logits + (size_t)place * classes,
                    t->dz + (size_t)place * classes);
        place++;
    }
    if (done == STATUS_OK) done = model_vjp(t->k->m, t->worker, n, t->dz, t->slopes, &t->e);
    *t->forwards += (uint64_t)n;
    *t->backwards += (uint64_t)n;
    return done;
}

/* A lane whose slope is nothing is given up. */
static status walk_on(tile_search *t, int step) {
    size_t d = shape_size(t->k->d->image);
    double share = first_share * (STEPS - step) / STEPS;
    status done = ask_slopes(t);
    for (int i = 0, place = 0; done == STATUS_OK && i < t->n; i++) {
        lane *l = &t->lanes[i];
        if (!l->open) continue;
        const float *slope = t->slopes + (size_t)place++ * d;
        l->open = floats_finite(slope, d) && !floats_zero(slope, d);
        if (!l->open) continue;
        level_ascend(&l->s, share, slope, l->walk);
        l->asked = level_round(&l->s, l->walk, l->image);
    }
    return done == STATUS_OK ? ask_marked(t) : done;
}

static status walk(tile_search *t) {
    status done = STATUS_OK;
    for (int i = 0; i < t->n; i++) {
        lane *l = &t->lanes[i];
        l->open = l->open && l->best > -INFINITY && level_round(&l->s, l->walk, l->image);
    }
    for (int step = 0; done == STATUS_OK && step < STEPS; step++)
        done = walk_on(t, step);
    return done;
}

static status search_tile(void *context, int tile, int worker) {
    search *k = context;
    tile_search t;
    tile_begin(&t, k, tile, worker);
    status s = try_example(&t, false);
    if (s == STATUS_OK) s = try_example(&t, true);
    if (s == STATUS_OK && model_has_gradient(k->m) && !model_is_random(k->m)) s = walk(&t);
    int done = atomic_fetch_add(&k->done, t.n) + t.n;
    if (worker == 0) run_progress(k->r, "uint8", (uint64_t)done, (uint64_t)k->p->n, NULL);
    return failure_note(&k->failed, tile, s, &t.e);
}

static bool allocate(search *k, int workers, int tiles) {
    size_t lanes = (size_t)workers * (size_t)k->m->tile;
    k->lanes = calloc(lanes, sizeof *k->lanes);
    k->draws = calloc(lanes, sizeof *k->draws);
    k->forwards = calloc((size_t)tiles + 1, sizeof *k->forwards);
    k->backwards = calloc((size_t)tiles + 1, sizeof *k->backwards);
    k->scratch = worker_floats(workers, floats_of(k->m, shape_size(k->d->image)), &k->stride);
    return k->lanes && k->draws && k->forwards && k->backwards && k->scratch;
}

status levels_search(model *m, const dataset *d, const level_plan *p, const run *r, level_finds *out,
                     err *e) {
    if (!d->pixels)
        return err_set(e, STATUS_USAGE, "%s has float values: there are no 256 levels to round to", d->name);
    if (p->n == 0 || !level_any(p->eps)) return STATUS_OK;
    run own = model_run(m, r);
    int tiles = tile_count(m, p->n);
    search k = {.m = m, .d = d, .p = p, .out = out, .r = r};
    status s = allocate(&k, own.threads, tiles) ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) s = failure_report(&k.failed, parallel_for(&own, tiles, search_tile, &k), "uint8", e);
    for (int i = 0; s == STATUS_OK && i < tiles; i++) {
        out->forwards += k.forwards[i];
        out->backwards += k.backwards[i];
    }
    free(k.lanes);
    free(k.draws);
    free(k.forwards);
    free(k.backwards);
    free(k.scratch);
    return s;
}
