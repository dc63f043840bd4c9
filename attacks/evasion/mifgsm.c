/* Momentum iterative FGSM: Dong et al., "Boosting adversarial attacks with momentum", 2018, algorithm 1 (decay 1): the sum of
 * gradients, each divided by its L1 norm, steers. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct mifgsm {
    int taken;
    float momentum[];
} mifgsm;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(mifgsm) + s->d * sizeof(float);
}

static ask start(const attack_sample *s, void *state, float *x) {
    mifgsm *m = state;
    m->taken = 0;
    memset(m->momentum, 0, s->d * sizeof *m->momentum);
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    mifgsm *m = state;
    if (!a->gradient) return ASK_DONE;
    double sum = 0;
    for (size_t i = 0; i < s->d; i++)
        sum += fabs((double)a->gradient[i]);
    double scale = sum > 0 && isfinite(sum) ? 1 / sum : 0;
    for (size_t i = 0; i < s->d; i++)
        m->momentum[i] += scale > 0 ? (float)(scale * a->gradient[i]) : 0;
    ball_ascend(s, s->options->step_size, m->momentum, x);
    m->taken++;
    return m->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_mifgsm = {
    .name = "mifgsm",
    .title = "gradient steps with momentum",
    .norms = NORM_BIT_LINF | NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 10, .restarts = 1},
    .reach = 1,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
};
