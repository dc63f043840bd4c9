#include "attacks/spatial.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/changed.h"
#include "attacks/scene/spatial_internal.h"
#include "core/arena.h"
#include "core/parallel.h"
#include "nets/loss.h"
#include "nets/predict.h"

typedef struct search {
    model *m;
    const dataset *d;
    const spatial_plan *p;
    const run *r;
    spatial_result *out;
    float *scratch; /* of each worker: the image, one more, a tile of moved ones, their logits */
    size_t stride;
    first_failure failed;
    atomic_int done;
    atomic_ullong forwards;
} search;

/* One image being searched. */
typedef struct subject {
    search *k;
    int row, worker;
    float *image, *spare, *tile, *logits;
    err e;
} subject;

/* Whether the model is right on each of `n` moved copies, at most a tile; a NULL move leaves the image as it is. */
static status judge(subject *b, int n, const spatial_move *moves, bool *right) {
    search *k = b->k;
    model *m = k->m;
    size_t d = shape_size(k->d->image);
    for (int i = 0; i < n; i++) {
        float *x = b->tile + (size_t)i * d;
        memcpy(x, b->image, d * sizeof *x);
        if (moves) spatial_apply(k->p, moves[i], k->d->image, x, b->spare);
    }
    status s = run_cancelled(k->r) ? STATUS_CANCELLED
                                   : model_forward(m, b->worker, n, b->tile, false, b->logits, &b->e);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        right[i] = logits_correct(b->logits + i * m->classes, m->classes, k->d->labels[b->row]);
    atomic_fetch_add(&k->forwards, (unsigned)n);
    return s;
}

enum { QUEUE = 64 };

/* Moves that are judged by tiles. */
typedef struct queue {
    int n;
    spatial_move moves[QUEUE];
    int tags[QUEUE]; /* what each answer is for */
} queue;

static status flush(subject *b, queue *q, void (*note)(subject *b, int tag, bool right)) {
    bool right[QUEUE] = {0};
    status s = STATUS_OK;
    for (int at = 0; at < q->n && s == STATUS_OK; at += b->k->m->tile) {
        int left = q->n - at, n = left < b->k->m->tile ? left : b->k->m->tile;
        s = judge(b, n, q->moves + at, right + at);
    }
    for (int i = 0; s == STATUS_OK && i < q->n; i++)
        note(b, q->tags[i], right[i]);
    q->n = 0;
    return s;
}

static status push(subject *b, queue *q, spatial_move move, int tag,
                   void (*note)(subject *b, int tag, bool right)) {
    q->moves[q->n] = move;
    q->tags[q->n++] = tag;
    return q->n == QUEUE ? flush(b, q, note) : STATUS_OK;
}

static void note_random(subject *b, int draw, bool right) {
    (void)draw;
    b->k->out->random_right[b->row] += right;
}

/* Of moves of the grid that only turn or only shift. */
static void note_alone(subject *b, int index, bool right) {
    spatial_result *out = b->k->out;
    const spatial_move *move = &out->moves[index];
    bool turned_only = move->down == 0 && move->right == 0;
    for (int i = 0; turned_only && i < out->angles; i++)
        if ((float)spatial_angle(b->k->p, i) == move->degrees)
            out->angle_right[(size_t)b->row * (size_t)out->angles + (size_t)i] = right;
    if (move->degrees == 0 && !right) out->shift_right[b->row] = 0;
    if (!right && out->least[b->row] > index) out->least[b->row] = index;
}

static void note_grid(subject *b, int index, bool right) {
    if (!right && b->k->out->least[b->row] > index) b->k->out->least[b->row] = index;
}

static bool is_alone(const spatial_move *move) {
    return move->degrees == 0 || (move->down == 0 && move->right == 0);
}

static status search_random(subject *b) {
    search *k = b->k;
    queue q = {0};
    status s = STATUS_OK;
    for (int i = 0; i < k->p->random && s == STATUS_OK; i++)
        s = push(b, &q, spatial_random(k->p, k->d->image, k->r->seed, k->d->ids[b->row], i), i, note_random);
    return s == STATUS_OK ? flush(b, &q, note_random) : s;
}

static status search_alone(subject *b) {
    spatial_result *out = b->k->out;
    queue q = {0};
    status s = STATUS_OK;
    for (int i = 0; i < out->grid && s == STATUS_OK; i++)
        if (is_alone(&out->moves[i])) s = push(b, &q, out->moves[i], i, note_alone);
    return s == STATUS_OK ? flush(b, &q, note_alone) : s;
}

/* Up to the smallest move that is known to break the image. A tile at a time, so that little is tried in vain. */
static status search_grid(subject *b) {
    spatial_result *out = b->k->out;
    queue q = {0};
    status s = STATUS_OK;
    int enough = b->k->m->tile < QUEUE ? b->k->m->tile : QUEUE;
    for (int i = 0; i < out->least[b->row] && i < out->grid && s == STATUS_OK; i++) {
        if (is_alone(&out->moves[i])) continue;
        s = push(b, &q, out->moves[i], i, note_grid);
        if (s == STATUS_OK && q.n >= enough) s = flush(b, &q, note_grid);
    }
    return s == STATUS_OK ? flush(b, &q, note_grid) : s;
}

static status search_image(subject *b) {
    spatial_result *out = b->k->out;
    bool right;
    status s = judge(b, 1, NULL, &right);
    if (s != STATUS_OK) return s;
    out->clean[b->row] = right;
    out->answers[b->row] = answer_of(b->logits, b->k->m->classes);
    out->shift_right[b->row] = 1;
    out->least[b->row] = out->grid;
    s = search_random(b);
    if (s == STATUS_OK) s = search_alone(b);
    if (s == STATUS_OK && right) s = search_grid(b);
    if (!right) out->least[b->row] = -1;
    return s;
}

/* An image that was not finished says nothing. */
static void forget(spatial_result *out, int row) {
    out->clean[row] = out->shift_right[row] = 0;
    out->answers[row] = 0;
    out->random_right[row] = 0;
    out->least[row] = -1;
    memset(out->angle_right + (size_t)row * (size_t)out->angles, 0, (size_t)out->angles);
}

static status search_row(void *context, int row, int worker) {
    search *k = context;
    size_t d = shape_size(k->d->image);
    float *at = k->scratch + (size_t)worker * k->stride;
    subject b = {.k = k,
                 .row = row,
                 .worker = worker,
                 .image = at,
                 .spare = at + d,
                 .tile = at + 2 * d,
                 .logits = at + (2 + (size_t)k->m->tile) * d};
    dataset_image(k->d, row, b.image);
    status s = search_image(&b);
    k->out->finished[row] = s == STATUS_OK;
    if (s != STATUS_OK) forget(k->out, row);
    int done = atomic_fetch_add(&k->done, 1) + 1;
    if (worker == 0) run_progress(k->r, "spatial", (uint64_t)done, (uint64_t)k->d->n, NULL);
    return failure_note(&k->failed, row, s, &b.e);
}

static status check(const model *m, const dataset *d, const spatial_plan *p, err *e) {
    status s = model_accepts(m, d, e);
    if (s != STATUS_OK) return s;
    if (!(p->degrees >= 0 && p->degrees <= 180))
        return err_set(e, STATUS_USAGE, "largest angle %g, expected 0..180 degrees", p->degrees);
    if (!(p->shift >= 0 && p->shift <= 1))
        return err_set(e, STATUS_USAGE, "largest shift %g, expected 0..1 of the image's side", p->shift);
    if (p->angles < 1 || p->angles % 2 == 0 || p->shifts < 1 || p->shifts % 2 == 0)
        return err_set(e, STATUS_USAGE,
                       "grid of %d angles and %d x %d shifts, expected odd numbers, so that none is one",
                       p->angles, p->shifts, p->shifts);
    if (p->angles > SPATIAL_GRID_MOST || p->shifts > 256 ||
        p->angles > SPATIAL_GRID_MOST / (p->shifts * p->shifts))
        return err_set(e, STATUS_USAGE, "grid of %d angles and %d x %d shifts, expected at most %d moves",
                       p->angles, p->shifts, p->shifts, SPATIAL_GRID_MOST);
    if (p->random < 1 || p->random > SPATIAL_RANDOM_MOST)
        return err_set(e, STATUS_USAGE, "%d random moves, expected 1..%d", p->random, SPATIAL_RANDOM_MOST);
    return STATUS_OK;
}

static status result_alloc(spatial_result *out, const dataset *d, const spatial_plan *p, err *e) {
    size_t n = (size_t)d->n + 1, turned;
    *out = (spatial_result){.n = d->n, .angles = p->angles, .grid = p->angles * p->shifts * p->shifts};
    out->moves = calloc((size_t)out->grid, sizeof *out->moves);
    out->finished = calloc(n, 1);
    out->clean = calloc(n, 1);
    out->answers = calloc(n, sizeof *out->answers);
    out->random_right = calloc(n, sizeof *out->random_right);
    if (size_multiply(n, (size_t)p->angles, &turned)) out->angle_right = calloc(turned, 1);
    out->shift_right = calloc(n, 1);
    out->least = malloc(n * sizeof *out->least);
    if (!out->moves || !out->finished || !out->clean || !out->answers || !out->random_right ||
        !out->angle_right || !out->shift_right || !out->least)
        return err_set(e, STATUS_NO_MEMORY, "no memory for the results of %d images", d->n);
    for (int row = 0; row < d->n; row++)
        out->least[row] = -1;
    return spatial_grid(p, d->image, out, e);
}

void spatial_free(spatial_result *s) {
    free(s->moves);
    free(s->finished);
    free(s->clean);
    free(s->answers);
    free(s->random_right);
    free(s->angle_right);
    free(s->shift_right);
    free(s->least);
    *s = (spatial_result){0};
}

static status search_all(search *k, err *e) {
    run own = model_run(k->m, k->r);
    size_t floats =
        (2 + (size_t)k->m->tile) * shape_size(k->d->image) + (size_t)k->m->tile * (size_t)k->m->classes;
    k->scratch = worker_floats(own.threads, floats, &k->stride);
    if (!k->scratch) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = parallel_for(&own, k->d->n, search_row, k);
    free(k->scratch);
    k->out->forwards = atomic_load(&k->forwards);
    return failure_report(&k->failed, s, "spatial", e);
}

status spatial_run(model *m, const dataset *d, const spatial_plan *p, const run *r, spatial_result *out,
                   err *e) {
    *out = (spatial_result){0};
    status s = check(m, d, p, e);
    if (s != STATUS_OK) return s;
    search k = {.m = m, .d = d, .p = p, .r = r, .out = out};
    s = result_alloc(out, d, p, e);
    if (s == STATUS_OK) s = search_all(&k, e);
    if (s != STATUS_OK && s != STATUS_CANCELLED) spatial_free(out);
    return s;
}
