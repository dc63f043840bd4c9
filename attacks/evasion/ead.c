/* Elastic net: Chen, Sharma, Zhang, Yi, Hsieh, "EAD: elastic-net attacks to deep neural networks via adversarial examples", 2018, algorithm 1: minimise
 * c max(-margin, 0) + ||x - x0||_2^2 + beta ||x - x0||_1 by gradient steps, each followed by soft thresholding, for constants c that a bisection chooses; the decision rule is
 * L1, the runner's. These are ISTA's steps: FISTA's are taken at points that are not sparse, which
 * would have to be judged apart. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct ead {
    int taken; /* steps with this constant */
    constant_search search;
} ead;
static const double rate = 0.01, beta = 0.01;

static size_t state_bytes(const attack_sample *s) {
    (void)s;
    return sizeof(ead);
}

static ask start(const attack_sample *s, void *state, float *x) {
    *(ead *)state = (ead){.search = constant_search_begin(0.1)};
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

/* The threshold is beta itself, not beta times the length of the step: as in the paper. */
static void descend(const attack_sample *s, const ead *a, const float *gradient, float *x) {
    double length = rate * sqrt(1 - (a->taken - 1.0) / s->options->steps);
    for (size_t i = 0; i < s->d; i++) {
        double delta = (double)x[i] - s->x0[i], g = 2 * delta - a->search.c * gradient[i];
        if (!isfinite(g)) g = 0;
        delta -= length * g;
        delta = copysign(fmax(fabs(delta) - beta, 0), delta);
        x[i] = (float)fmin(fmax(s->x0[i] + delta, s->lb[i]), s->ub[i]);
    }
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *answer, float *x) {
    ead *a = state;
    if (!answer->gradient) return ASK_DONE;
    a->search.found |= attack_succeeds(s, answer->logits);
    if (++a->taken <= s->options->steps) {
        descend(s, a, answer->gradient, x);
    } else {
        if (!constant_search_next(&a->search)) return ASK_DONE;
        a->taken = 0;
        memcpy(x, s->x0, s->d * sizeof *x);
    }
    return ASK_GRADIENT;
}

const attack attack_ead = {
    .name = "ead",
    .title = "elastic net: the smallest L1 distance by soft thresholding",
    .norms = NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 150, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss_hinge,
};
