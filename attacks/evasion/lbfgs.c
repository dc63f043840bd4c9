/* Box-constrained L-BFGS: Szegedy et al., "Intriguing properties of neural networks", 2014, section 4.1: minimise c ||x - x0||^2 + loss(x, target) inside
 * the box, for the largest c whose minimum still is adversarial. The loss is the cross entropy between the target and the class that it has to
 * pass, the label where there is no target. The first c is right for a linear model; then it is bracketed and bisected. Steps are
 * projected quasi-Newton ones over the components that the box does not hold (Bertsekas 1982). Untargeted, each restart aims at another of the likeliest classes. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"
#include "attacks/evasion/lbfgs_memory_internal.h"

typedef struct lbfgs {
    int target, search, taken; /* taken: evaluations with this c */
    double c, c_low, c_high;   /* adversarial minimum; none */
    bool begun;                /* there is a point for this c */
    bool across;               /* and it is adversarial */
    double value, nearest;     /* of the objective there; distance of the best example */
    lbfgs_memory memory;
    float *at, *gradient, *direction,
        *best; /* the point; of the objective there; the step being tried; example, x0 before */
    bool *loose;
    float floats[];
} lbfgs;
enum { SEARCHES = 10, PARTS = 4 + 2 * LBFGS_PAIRS };
static const double bracket = 4, least_decrease = 1e-5;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(lbfgs) + s->d * (PARTS * sizeof(float) + sizeof(bool));
}

static ask begin_search(const attack_sample *s, lbfgs *b, float *x) {
    b->begun = b->across = false;
    b->taken = 0;
    b->memory.count = b->memory.next = 0;
    memcpy(x, b->best, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static ask start(const attack_sample *s, void *state, float *x) {
    lbfgs *b = state;
    *b = (lbfgs){.target = attack_ranked_target(s), .c_high = INFINITY, .nearest = INFINITY};
    float **parts[] = {&b->at, &b->gradient, &b->direction, &b->best};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = b->floats + i * s->d;
    b->memory = (lbfgs_memory){.d = s->d, .pairs = b->floats + 4 * s->d};
    b->loose = (bool *)(b->floats + PARTS * s->d);
    memcpy(b->best, s->x0, s->d * sizeof *x);
    return b->target < 0 ? ASK_DONE : begin_search(s, b, x);
}

/* By how much the target is behind, and the class before it. */
static double gap(const attack_sample *s, int target, const float *z, int *before) {
    *before = s->label;
    for (int k = 0; k < s->classes && s->target >= 0; k++)
        if (k != target && z[k] > z[*before]) *before = k;
    return (double)z[*before] - z[target];
}

static float loss(const attack_sample *s, const void *state, const float *z, float *dz) {
    const lbfgs *b = state;
    int before;
    double behind = gap(s, b->target, z, &before), slope = 1 / (1 + exp(-behind));
    memset(dz, 0, (size_t)s->classes * sizeof *dz);
    dz[b->target] = (float)slope;
    dz[before] = (float)-slope;
    return (float)-(fmax(behind, 0) + log1p(exp(-fabs(behind))));
}

/* On a linear model the gap g falls by ||w|| r, and at g = 0, where the loss has half the slope, 2 c r = ||w|| / 2. */
static bool first_constant(const attack_sample *s, lbfgs *b, const attack_answer *a) {
    int before;
    double behind = gap(s, b->target, a->logits, &before);
    double size = dual_norm(NORM_L2, a->gradient, s->d) * (1 + exp(-behind));
    b->c = size * size / (4 * fmax(behind, 1e-6));
    return b->c > 0 && isfinite(b->c);
}

static ask next_constant(const attack_sample *s, lbfgs *b, float *x) {
    if (b->across)
        b->c_low = b->c;
    else
        b->c_high = b->c;
    if (isinf(b->c_high))
        b->c *= bracket;
    else
        b->c = b->c_low > 0 ? sqrt(b->c_low * b->c_high) : b->c / bracket;
    return ++b->search < SEARCHES ? begin_search(s, b, x) : ASK_DONE;
}

static bool held(const attack_sample *s, const lbfgs *b, size_t i) {
    return b->gradient[i] > 0 ? b->at[i] <= s->lb[i] : b->at[i] >= s->ub[i];
}

/* The step to try from the point: false where it would lead nowhere. */
static bool set_direction(const attack_sample *s, lbfgs *b) {
    double fall = 0;
    for (size_t i = 0; i < s->d; i++) {
        b->loose[i] = !held(s, b, i);
        b->direction[i] = b->loose[i] ? b->gradient[i] : 0;
    }
    lbfgs_memory_direction(&b->memory, 1 / (2 * b->c), b->loose, b->direction);
    for (size_t i = 0; i < s->d; i++)
        fall -= (double)b->gradient[i] * b->direction[i];
    return fall > 0 && isfinite(fall);
}

static ask try_step(const attack_sample *s, const lbfgs *b, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = fminf(fmaxf(b->at[i] + b->direction[i], s->lb[i]), s->ub[i]);
    return ASK_GRADIENT;
}

/* The objective at x, and whether it fell enough (Armijo, along the projected step). */
static bool falls(const attack_sample *s, const lbfgs *b, double value, const float *x) {
    double expected = 0;
    for (size_t i = 0; i < s->d; i++)
        expected += (double)b->gradient[i] * ((double)x[i] - b->at[i]);
    return value <= b->value + 1e-4 * expected && expected < 0;
}

static void accept(const attack_sample *s, lbfgs *b, const attack_answer *a, double value, const float *x) {
    float *change = b->direction; /* done with */
    float *step = b->at;
    for (size_t i = 0; i < s->d; i++) {
        float slope = (float)(2 * b->c * ((double)x[i] - s->x0[i]) - a->gradient[i]);
        change[i] = slope - b->gradient[i];
        step[i] = x[i] - b->at[i];
        b->gradient[i] = slope;
    }
    if (b->begun) lbfgs_memory_add(&b->memory, step, change);
    memcpy(b->at, x, s->d * sizeof *x);
    b->value = value;
    b->begun = true;
    b->across = attack_succeeds(s, a->logits);
}

static void keep_best(const attack_sample *s, lbfgs *b, const attack_answer *a, const float *x) {
    double distance = ball_distance(NORM_L2, s->x0, x, s->d);
    if (!(distance < b->nearest) || !attack_succeeds(s, a->logits)) return;
    b->nearest = distance;
    memcpy(b->best, x, s->d * sizeof *x);
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    lbfgs *b = state;
    if (!a->gradient || (b->c == 0 && !first_constant(s, b, a))) return ASK_DONE;
    double distance = ball_distance(NORM_L2, s->x0, x, s->d), value = b->c * distance * distance - a->loss;
    double before = b->value;
    if (!isfinite(value)) return ASK_DONE;
    keep_best(s, b, a, x);
    b->taken++;
    if (!b->begun || falls(s, b, value, x)) {
        bool settled = b->begun && before - value <= least_decrease * fabs(before);
        accept(s, b, a, value, x);
        if (settled || !set_direction(s, b)) return next_constant(s, b, x);
    } else {
        for (size_t i = 0; i < s->d; i++)
            b->direction[i] /= 2;
    }
    return b->taken < s->options->steps ? try_step(s, b, x) : next_constant(s, b, x);
}

const attack attack_lbfgs = {
    .name = "lbfgs",
    .title = "box-constrained L-BFGS: the smallest L2 distance plus a loss",
    .norms = NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 25, .restarts = 3},
    .reach = 1,
    .order = EPS_FREE,
    .ranks_classes = true,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss,
};
