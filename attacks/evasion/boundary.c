/* Boundary attack: Brendel, Rauber, Bethge, "Decision-based adversarial attacks: reliable attacks against black-box machine learning models", 2018:
 * a random walk among successes, sideways at equal distance and then a little nearer to the clean image. One step of the
 * options is one query. Before it, bisections bring the first success to the boundary. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/decision_internal.h"

typedef enum walk_phase { WALK_SEEK, WALK_NARROW, WALK_SIDEWAYS, WALK_NEARER } walk_phase;

/* How often the last proposals of a kind were successes. */
typedef struct tally {
    int asked, successes;
} tally;

typedef struct boundary {
    walk_phase phase;
    int queries; /* answered */
    int tried;   /* images that were no success, before the first one */
    int proposals;
    double right, wrong, middle; /* shares of the way to the first success */
    double aside, nearer;        /* lengths of the steps, as shares of the distance */
    tally sideways, closer;
    float *at;   /* the last success */
    float *side; /* the proposal at equal distance; the first success before the walk */
    float floats[];
} boundary;

static size_t boundary_state_bytes(const attack_sample *s) {
    return sizeof(boundary) + 2 * s->d * sizeof(float);
}

static ask boundary_start(const attack_sample *s, void *state, float *x) {
    boundary *q = state;
    *q = (boundary){.aside = 0.01, .nearer = 0.01}; /* the step sizes of the authors' code */
    q->at = q->floats;
    q->side = q->floats + s->d;
    decision_try(s, "boundary", 0, x);
    return ASK_FORWARD;
}

static ask ask_middle(const attack_sample *s, boundary *q, float *x) {
    q->phase = WALK_NARROW;
    q->middle = (q->right + q->wrong) / 2;
    decision_blend(s, q->side, q->middle, x);
    return ASK_FORWARD;
}

/* side <- a random point about `aside` away from `at`, at its distance from the clean image but for what the box cuts off. */
static void go_sideways(const attack_sample *s, boundary *q, double distance) {
    rng g = rng_stream(s->seed, "boundary", 0, (uint32_t)s->id, (uint32_t)s->restart, (uint32_t)q->queries);
    double along = 0, sum = 0;
    for (size_t i = 0; i < s->d; i++) {
        q->side[i] = rng_normal(&g);
        along += q->side[i] * ((double)q->at[i] - s->x0[i]);
    }
    along /= distance * distance;
    for (size_t i = 0; i < s->d; i++) {
        q->side[i] -= (float)(along * ((double)q->at[i] - s->x0[i]));
        sum += (double)q->side[i] * q->side[i];
    }
    double scale = sum > 0 ? q->aside * distance / sqrt(sum) : 0, shrink = 1 / hypot(1, q->aside);
    for (size_t i = 0; i < s->d; i++) {
        double delta = (double)q->at[i] - s->x0[i] + scale * q->side[i];
        q->side[i] = (float)fmin(fmax(s->x0[i] + shrink * delta, s->lb[i]), s->ub[i]);
    }
}

static ask ask_nearer(const attack_sample *s, boundary *q, float *x) {
    double distance = ball_distance(NORM_L2, s->x0, q->at, s->d);
    double from = ball_distance(NORM_L2, s->x0, q->side, s->d);
    q->phase = WALK_NEARER;
    decision_blend(s, q->side, from > 0 ? fmin(1, (1 - q->nearer) * distance / from) : 0, x);
    return ASK_FORWARD;
}

/* Proposals go nearer at once; of some the half way is asked too, which tells whether the steps aside are too long. */
static ask propose(const attack_sample *s, boundary *q, float *x) {
    enum { EVERY = 5 };
    double distance = ball_distance(NORM_L2, s->x0, q->at, s->d);
    if (distance == 0) return ASK_DONE;
    go_sideways(s, q, distance);
    if (q->proposals++ % EVERY > 0) return ask_nearer(s, q, x);
    q->phase = WALK_SIDEWAYS;
    memcpy(x, q->side, s->d * sizeof *x);
    return ASK_FORWARD;
}

/* 1.5 or its inverse when a full tally is above or below what is wanted, else 1. */
static double adapted(tally *t, bool success, int full, double least, double most) {
    t->successes += success;
    if (++t->asked < full) return 1;
    double rate = (double)t->successes / full;
    *t = (tally){0};
    return rate > most ? 1.5 : rate < least ? 1 / 1.5 : 1;
}

static ask after_sideways(const attack_sample *s, boundary *q, bool success, float *x) {
    double factor = adapted(&q->sideways, success, 10, 0.2, 0.5);
    q->aside = fmin(q->aside * factor, 1);
    q->nearer = fmin(q->nearer * factor, 0.5);
    return success ? ask_nearer(s, q, x) : propose(s, q, x);
}

static ask after_nearer(const attack_sample *s, boundary *q, bool success, float *x) {
    q->nearer = fmin(q->nearer * adapted(&q->closer, success, 20, 0.1, 0.25), 0.5);
    if (success) memcpy(q->at, x, s->d * sizeof *x);
    return propose(s, q, x);
}

static ask after_middle(const attack_sample *s, boundary *q, bool success, float *x) {
    const double precise = 1e-3;
    if (success) {
        q->wrong = q->middle;
        memcpy(q->at, x, s->d * sizeof *x);
    } else {
        q->right = q->middle;
    }
    return q->wrong - q->right > precise ? ask_middle(s, q, x) : propose(s, q, x);
}

static ask after_try(const attack_sample *s, boundary *q, bool success, float *x) {
    if (success) {
        memcpy(q->at, x, s->d * sizeof *x);
        memcpy(q->side, x, s->d * sizeof *x);
        q->wrong = 1;
        return ask_middle(s, q, x);
    }
    if (++q->tried == DECISION_TRIES) return ASK_DONE;
    decision_try(s, "boundary", q->tried, x);
    return ASK_FORWARD;
}

static ask boundary_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    boundary *q = state;
    bool success = attack_succeeds(s, a->logits);
    if (++q->queries >= s->options->steps) return ASK_DONE;
    switch (q->phase) {
    case WALK_SEEK:
        return after_try(s, q, success, x);
    case WALK_NARROW:
        return after_middle(s, q, success, x);
    case WALK_SIDEWAYS:
        return after_sideways(s, q, success, x);
    case WALK_NEARER:
        return after_nearer(s, q, success, x);
    }
    return ASK_DONE;
}

const attack attack_boundary = {
    .name = "boundary",
    .title = "random walk along the boundary, by the class alone (steps are queries)",
    .norms = NORM_BIT_L2,
    .defaults = {.steps = 5000, .restarts = 1, .random_start = true},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = boundary_state_bytes,
    .start = boundary_start,
    .step = boundary_step,
};
