/* Simultaneous perturbation stochastic approximation: Uesato, O'Donoghue, van den Oord, Kohli, "Adversarial risk and the dangers of evaluating
 * against weak attacks", 2018: the gradient of the margin is estimated from its differences along random signs, and followed by Adam (Kingma, Ba
 * 2015). A step of the options is one step of Adam: 64 queries at 32 pairs of points and one at the new image. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/blackbox_internal.h"

enum { PAIRS = 32 };

typedef struct spsa {
    int steps; /* taken */
    int probe; /* the point that was asked for: two per pair; -1 = the image itself */
    double plus;
    float *at, *direction, *slope, *mean, *square; /* d each */
    float floats[];
} spsa;

static size_t spsa_state_bytes(const attack_sample *s) {
    return sizeof(spsa) + 5 * s->d * sizeof(float);
}

static void lay_out(const attack_sample *s, spsa *q) {
    float **arrays[] = {&q->at, &q->direction, &q->slope, &q->mean, &q->square};
    memset(q, 0, spsa_state_bytes(s));
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = q->floats + i * s->d;
}

static ask ask_image(const attack_sample *s, spsa *q, float *x) {
    q->probe = -1;
    memcpy(x, q->at, s->d * sizeof *x);
    return ASK_FORWARD;
}

static ask spsa_start(const attack_sample *s, void *state, float *x) {
    spsa *q = state;
    lay_out(s, q);
    rng g = rng_stream(s->seed, "spsa-start", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
    if (!ball_go_on(s, q->at)) ball_random(s, &g, q->at);
    return ask_image(s, q, x);
}

/* The paper's .01, less in small balls. */
static float radius(const attack_sample *s) {
    return (float)fmin(0.01, s->eps / 2);
}

/* One point of a pair; it stays in the ball, so that it may be a success. */
static float beside(const attack_sample *s, const spsa *q, size_t i, float side) {
    return fminf(fmaxf(q->at[i] + side * radius(s) * q->direction[i], s->lb[i]), s->ub[i]);
}

static ask ask_beside(const attack_sample *s, const spsa *q, float side, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = beside(s, q, i, side);
    return ASK_FORWARD;
}

static ask ask_pair(const attack_sample *s, spsa *q, float *x) {
    uint32_t stream = (uint32_t)(q->steps * PAIRS + q->probe / 2), bits = 0;
    rng g = rng_stream(s->seed, "spsa", 0, (uint32_t)s->id, (uint32_t)s->restart, stream);
    for (size_t i = 0; i < s->d; i++) {
        bits = i % 32 == 0 ? rng_u32(&g) : bits >> 1;
        q->direction[i] = bits & 1 ? 1 : -1;
    }
    return ask_beside(s, q, 1, x);
}

/* Each component of the estimate is the difference over the width that the ball left to this pair there. */
static void add_pair(const attack_sample *s, spsa *q, double difference) {
    if (!isfinite(difference)) return; /* of a model that does not answer in numbers */
    for (size_t i = 0; i < s->d; i++) {
        float width = beside(s, q, i, 1) - beside(s, q, i, -1);
        if (width != 0) q->slope[i] += (float)(difference / width / PAIRS);
    }
}

static void descend(const attack_sample *s, spsa *q) {
    const double forget_mean = 0.9, forget_square = 0.999;
    const attack_options *o = s->options;
    double length = s->eps * o->step_size * (o->falling ? 2 * (1 - (q->steps + 0.5) / o->steps) : 1);
    q->steps++;
    double seen_mean = 1 - pow(forget_mean, q->steps), seen_square = 1 - pow(forget_square, q->steps);
    for (size_t i = 0; i < s->d; i++) {
        double g = q->slope[i];
        q->mean[i] = (float)(forget_mean * q->mean[i] + (1 - forget_mean) * g);
        q->square[i] = (float)(forget_square * q->square[i] + (1 - forget_square) * g * g);
        double size = sqrt(q->square[i] / seen_square);
        if (size > 0) q->at[i] -= (float)(length * q->mean[i] / seen_mean / size);
        q->slope[i] = 0;
    }
    ball_project(s, q->at);
}

static ask spsa_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    spsa *q = state;
    if (q->probe < 0 && q->steps == s->options->steps) return ASK_DONE;
    double margin = attack_margin(s, a->logits);
    if (q->probe >= 0 && q->probe % 2 == 0) {
        q->plus = margin;
        q->probe++;
        return ask_beside(s, q, -1, x);
    }
    if (q->probe >= 0) add_pair(s, q, q->plus - margin);
    q->probe++;
    if (q->probe < 2 * PAIRS) return ask_pair(s, q, x);
    descend(s, q);
    return ask_image(s, q, x);
}

const attack attack_spsa = {
    .name = "spsa",
    .title = "gradient steps, the gradient estimated from 65 queries each",
    .norms = NORM_BIT_LINF,
    .defaults = {.steps = 80, .restarts = 1, .random_start = true, .falling = true},
    .reach = 10,
    .order = EPS_DESCENDING,
    .state_bytes = spsa_state_bytes,
    .start = spsa_start,
    .step = spsa_step,
};
