/* Auto-PGD: Croce, Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks", 2020,
 * algorithm 1: steps with momentum, halved and restarted from the best point where the loss no longer grows. With the norm L1
 * it is another method, apgd_l1.c. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/apgd_internal.h"

typedef struct apgd {
    apgd_aim aim;
    int taken;         /* evaluations so far */
    int since, window; /* evaluations since the last checkpoint, and until the next */
    int rises;         /* of the loss, since the last checkpoint */
    bool halved;       /* at the last checkpoint */
    double length;     /* of a step, in units of eps */
    float loss;        /* at the last point */
    float best, best_at_checkpoint;
    float floats[]; /* the last point but one, the last, its gradient; the best point, its gradient */
} apgd;

static float *part(apgd *a, const attack_sample *s, int i) {
    return a->floats + (size_t)i * s->d;
}
enum { BEFORE, LAST, GRADIENT, BEST, BEST_GRADIENT, PARTS };

static size_t state_bytes(const attack_sample *s) {
    if (s->norm == NORM_L1) return apgd_l1_state_bytes(s);
    return sizeof(apgd) + PARTS * s->d * sizeof(float);
}

static int share(const attack_sample *s, double of) {
    int n = (int)(of * s->options->steps);
    return n > 1 ? n : 1;
}

static ask start_towards(const attack_sample *s, void *state, int target, float *x) {
    if (s->norm == NORM_L1) return apgd_l1_start(s, target, state, x);
    apgd *a = state;
    *a = (apgd){.aim.target = target, .window = share(s, 0.22), .length = s->options->step_size};
    if (ball_go_on(s, x)) return ASK_GRADIENT;
    rng g = rng_stream(s->seed, "apgd-start", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
    ball_random(s, &g, x);
    return ASK_GRADIENT;
}

static ask start(const attack_sample *s, void *state, float *x) {
    return start_towards(s, state, -1, x);
}

/* AutoAttack counts any misclassification on the way to a target. A target that the caller gave is the only one. */
static ask start_ranked(const attack_sample *s, void *state, float *x) {
    int target = attack_ranked_target(s);
    return target < 0 ? ASK_DONE : start_towards(s, state, target, x);
}

static void keep_best(const attack_sample *s, apgd *a, const attack_answer *answer, const float *x) {
    a->best = answer->loss;
    memcpy(part(a, s, BEST), x, s->d * sizeof *x);
    memcpy(part(a, s, BEST_GRADIENT), answer->gradient, s->d * sizeof *x);
}

/* At a checkpoint: the step is halved where the loss rose in three steps of four or fewer, or where the best loss and the step have not changed
 * since the last one. Walks on from the best point then. */
static void checkpoint(const attack_sample *s, apgd *a) {
    bool wavers = a->rises <= 0.75 * a->window;
    bool stuck = !a->halved && a->best_at_checkpoint >= a->best;
    a->halved = wavers || stuck;
    if (a->halved) {
        a->length /= 2;
        memcpy(part(a, s, LAST), part(a, s, BEST), s->d * sizeof(float));
        memcpy(part(a, s, GRADIENT), part(a, s, BEST_GRADIENT), s->d * sizeof(float));
    }
    a->best_at_checkpoint = a->best;
    a->since = a->rises = 0;
    int least = share(s, 0.06), shorter = a->window - share(s, 0.03);
    a->window = shorter > least ? shorter : least;
}

static void advance(const attack_sample *s, apgd *a, float *x) {
    float *before = part(a, s, BEFORE), *last = part(a, s, LAST);
    memcpy(x, last, s->d * sizeof *x);
    ball_ascend(s, a->length, part(a, s, GRADIENT), x);
    if (a->taken > 1) {
        for (size_t i = 0; i < s->d; i++)
            x[i] = last[i] + 0.75f * (x[i] - last[i]) + 0.25f * (last[i] - before[i]);
        ball_project(s, x);
    }
    memcpy(before, last, s->d * sizeof *x);
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *answer, float *x) {
    if (s->norm == NORM_L1) return apgd_l1_step(s, state, answer, x);
    apgd *a = state;
    if (!answer->gradient) return ASK_DONE;
    bool first = a->taken++ == 0;
    memcpy(part(a, s, LAST), x, s->d * sizeof *x);
    memcpy(part(a, s, GRADIENT), answer->gradient, s->d * sizeof *x);
    a->rises += !first && answer->loss > a->loss;
    a->since += !first;
    a->loss = answer->loss;
    if (first || answer->loss > a->best) keep_best(s, a, answer, x);
    if (first) a->best_at_checkpoint = a->best;
    if (a->since == a->window) checkpoint(s, a);
    advance(s, a, x);
    return a->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

static float loss_ranked(const attack_sample *s, const void *state, const float *z, float *dz) {
    return loss_dlr_towards(s, ((const apgd_aim *)state)->target, z, dz);
}

static bool strays(const attack_sample *s, const void *state) {
    return s->norm == NORM_L1 && apgd_l1_strays(state);
}

const attack attack_apgd_ce = {
    .name = "apgd-ce",
    .title = "Auto-PGD on cross entropy: steps that adapt themselves",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1, .random_start = true, .step_size = 2},
    .order = EPS_DESCENDING,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .strays = strays,
};

const attack attack_apgd_dlr = {
    .name = "apgd-dlr",
    .title = "Auto-PGD on the difference-of-logits ratio, which no scaling of logits hides",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1, .random_start = true, .step_size = 2},
    .order = EPS_DESCENDING,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .strays = strays,
    .loss = loss_dlr,
};

const attack attack_apgd_t = {
    .name = "apgd-t",
    .title = "Auto-PGD towards each of the likeliest other classes",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 9, .random_start = true, .step_size = 2},
    .order = EPS_DESCENDING,
    .ranks_classes = true,
    .state_bytes = state_bytes,
    .start = start_ranked,
    .step = step_on,
    .strays = strays,
    .loss = loss_ranked,
};
