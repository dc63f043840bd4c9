/* One worker's pool: its slots, the tiles it gathers from them, and the loop. */
#include <string.h>

#include "attacks/runner_internal.h"
#include "core/arena.h"

typedef struct pool {
    campaign *c;
    int worker, tile;
    slot *slots;
    slot **places;                        /* tile: who is in the tile being evaluated */
    model_draws *draws;                   /* tile */
    float *x, *dx, *logits, *dz, *losses; /* tile rows each */
    uint64_t forwards, backwards;
    arena memory;
} pool;

static attack_sample sample_facts(const campaign *c, slot *k) {
    return (attack_sample){.d = shape_size(c->d->image),
                           .image = c->d->image,
                           .classes = c->d->classes,
                           .target = -1,
                           .norm = c->plan->norm,
                           .x0 = k->x0,
                           .lb = k->lb,
                           .ub = k->ub,
                           .options = &c->options,
                           .seed = c->r->seed};
}

static bool slot_alloc(slot *k, pool *p) {
    float **images[] = {&k->x, &k->x0, &k->lb, &k->ub, &k->example, &k->trial, &k->clean_gradient};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        *images[i] = arena_array(&p->memory, shape_size(p->c->d->image), sizeof(float));
        if (!*images[i]) return false;
    }
    k->row = -1;
    k->waits_for = ASK_DONE;
    k->s = sample_facts(p->c, k);
    k->state = arena_alloc(&p->memory, p->c->plan->method->state_bytes(&k->s));
    return k->state;
}

static bool pool_alloc(pool *p) {
    size_t tile = (size_t)p->tile, d = shape_size(p->c->d->image), classes = (size_t)p->c->d->classes;
    p->slots = arena_array(&p->memory, (size_t)p->c->slots, sizeof *p->slots);
    p->places = arena_array(&p->memory, tile, sizeof(slot *));
    p->draws = arena_array(&p->memory, tile, sizeof *p->draws);
    p->x = arena_array(&p->memory, tile, d * sizeof(float));
    p->dx = arena_array(&p->memory, tile, d * sizeof(float));
    p->logits = arena_array(&p->memory, tile, classes * sizeof(float));
    p->dz = arena_array(&p->memory, tile, classes * sizeof(float));
    p->losses = arena_array(&p->memory, tile, sizeof(float));
    if (!p->slots || !p->places || !p->draws || !p->x || !p->dx || !p->logits || !p->dz || !p->losses)
        return false;
    for (int i = 0; i < p->c->slots; i++)
        if (!slot_alloc(&p->slots[i], p)) return false;
    return true;
}

static void refill(pool *p) {
    for (int i = 0; i < p->c->slots; i++)
        while (p->slots[i].row < 0) { /* a sample with nothing to try is done at once */
            int row = atomic_fetch_add(&p->c->next, 1);
            if (row >= p->c->d->n) {
                atomic_store(&p->c->next, p->c->d->n); /* so that it never overflows */
                return;
            }
            slot_begin(&p->slots[i], p->c, row);
        }
}

static int waiting(const pool *p, ask kind) {
    int count = 0;
    for (int i = 0; i < p->c->slots; i++)
        count += p->slots[i].waits_for == kind;
    return count;
}

/* Someone for `place` of the tile: a success is re-checked in another place than where it was found, if that is possible. */
static slot *pick(pool *p, ask kind, int place) {
    slot *last = NULL;
    for (int i = 0; i < p->c->slots; i++) {
        slot *k = &p->slots[i];
        if (k->waits_for != kind) continue;
        last = k;
        if (k->found_at != place) break;
    }
    return last;
}

/* A gradient over several draws takes as many places of a model's tile. */
static int gather(pool *p, ask kind) {
    size_t d = shape_size(p->c->d->image);
    int n = 0, places = kind == ASK_GRADIENT ? p->c->m->tile / (int)p->c->looks : p->tile;
    for (slot *k; n < p->tile && n < places && (k = pick(p, kind, n)); n++) {
        memcpy(p->x + (size_t)n * d, slot_image(k), d * sizeof(float));
        p->draws[n] = slot_draws(k, p->c);
        p->places[n] = k;
        k->waits_for = ASK_DONE;
    }
    return n;
}

/* Fills places that would stay empty with what those in the first `asked` will ask for next, further ahead the longer such guesses have been right. A random
 * model's answers depend on their order. */
static int look_ahead(pool *p, int asked) {
    const attack *method = p->c->plan->method;
    size_t d = shape_size(p->c->d->image);
    int n = asked, before = 0;
    if (!method->ahead || p->c->random) return n;
    for (int later = 1; n > before; later++) {
        before = n;
        for (int i = 0; i < asked && n < p->tile; i++) {
            slot *k = p->places[i];
            if (k->phase != PHASE_ATTACK || later > k->guessed + 1) continue;
            if (!method->ahead(&k->s, k->state, later, p->x + (size_t)n * d)) continue;
            p->draws[n] = p->draws[i];
            p->places[n++] = k;
        }
    }
    return n;
}

static float loss_of(const attack *method, const slot *k, const float *logits, float *dz) {
    bool own = method->loss && k->phase == PHASE_ATTACK;
    return own ? method->loss(&k->s, k->state, logits, dz) : judge_loss(&k->s, logits, dz);
}

static void answer(pool *p, int place, bool gradient) {
    size_t d = shape_size(p->c->d->image), classes = (size_t)p->c->d->classes, i = (size_t)place;
    slot *k = p->places[i];
    uint64_t draws = p->draws[i].count;
    p->forwards += draws;
    p->backwards += gradient ? draws : 0;
    k->spent += gradient ? 2 * draws : draws;
    attack_answer a = {p->logits + i * classes, gradient ? p->dx + i * d : NULL, p->losses[i]};
    slot_answer(k, p->c, &a, place);
}

/* What was looked ahead for serves where it is asked for now, and is forgotten elsewhere, as if it had not been evaluated. */
static void answer_ahead(pool *p, int place) {
    size_t d = shape_size(p->c->d->image), classes = (size_t)p->c->d->classes, i = (size_t)place;
    slot *k = p->places[i];
    bool right = k->waits_for == ASK_FORWARD && k->phase == PHASE_ATTACK &&
                 memcmp(k->x, p->x + i * d, d * sizeof *k->x) == 0;
    k->guessed = right ? k->guessed + 1 : 0;
    if (!right) return;
    k->waits_for = ASK_DONE;
    p->losses[i] = loss_of(p->c->plan->method, k, p->logits + i * classes, p->dz + i * classes);
    answer(p, place, false);
}

static status evaluate(pool *p, ask kind, err *e) {
    campaign *c = p->c;
    size_t classes = (size_t)c->d->classes;
    bool gradient = kind == ASK_GRADIENT;
    int asked = gather(p, kind), n = gradient ? asked : look_ahead(p, asked);
    status s = model_forward_drawn(c->m, p->worker, n, p->x, p->draws, gradient, p->logits, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < asked; i++)
        p->losses[i] = loss_of(c->plan->method, p->places[i], p->logits + (size_t)i * classes,
                               p->dz + (size_t)i * classes);
    if (gradient) s = model_vjp(c->m, p->worker, n, p->dz, p->dx, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < asked; i++)
        answer(p, i, gradient);
    for (int i = asked; i < n; i++)
        answer_ahead(p, i);
    return STATUS_OK;
}

/* Two tiles of slots always hold a full tile of the kind that more of them wait for, until the queue is empty. */
static status pool_loop(pool *p, err *e) {
    while (!atomic_load(&p->c->stop)) {
        refill(p);
        int gradients = waiting(p, ASK_GRADIENT), forwards = waiting(p, ASK_FORWARD);
        if (gradients + forwards == 0) return STATUS_OK;
        if (run_cancelled(p->c->r)) return STATUS_CANCELLED;
        ask kind = gradients >= forwards ? ASK_GRADIENT : ASK_FORWARD;
        status s = evaluate(p, kind, e);
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

status pool_run(campaign *c, int worker, uint64_t *forwards, uint64_t *backwards, err *e) {
    pool p = {.c = c, .worker = worker, .tile = c->tile};
    status s = pool_alloc(&p) ? pool_loop(&p, e) : err_set(e, STATUS_NO_MEMORY, "attack: out of memory");
    if (s != STATUS_OK) atomic_store(&c->stop, true);
    *forwards = p.forwards;
    *backwards = p.backwards;
    arena_free(&p.memory);
    return s;
}
