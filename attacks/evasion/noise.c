/* Uniform noise in the ball: one query per restart, no gradient. A control: points that it breaks and a gradient attack missed
 * say that the gradient misleads. */
#include "attacks/evasion/evasion_internal.h"

static size_t noise_state_bytes(const attack_sample *s) {
    (void)s;
    return 0;
}

static ask noise_start(const attack_sample *s, void *state, float *x) {
    (void)state;
    rng g = rng_stream(s->seed, "noise", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
    ball_random(s, &g, x);
    return ASK_FORWARD;
}

static ask noise_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    (void)s, (void)state, (void)a, (void)x;
    return ASK_DONE;
}

const attack attack_noise = {
    .name = "noise",
    .title = "random points of the ball, as a control",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .defaults = {.steps = 1, .restarts = 1, .random_start = true},
    .reach = 1,
    .state_bytes = noise_state_bytes,
    .start = noise_start,
    .step = noise_step,
};
