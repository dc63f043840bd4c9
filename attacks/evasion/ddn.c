/* Decoupling direction and norm: Rony et al., "Decoupling direction and norm for efficient gradient-based L2 adversarial attacks and
 * defenses", 2019, algorithm 1: the radius shrinks while the point is adversarial, and grows while it is not. Theirs always changes by a
 * twentieth, which leaves the result within that of the boundary; here the share falls each time that the boundary is crossed. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct ddn {
    int taken;
    bool was_adversarial;
    double radius, share; /* share: by how much the radius changes */
    float delta[];
} ddn;

static const double first_share = 0.05, last_share = 0.001;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(ddn) + s->d * sizeof(float);
}

static ask start(const attack_sample *s, void *state, float *x) {
    ddn *n = state;
    n->taken = 0;
    n->was_adversarial = false;
    n->radius = 1;
    n->share = first_share;
    memset(n->delta, 0, s->d * sizeof *n->delta);
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    ddn *n = state;
    if (!a->gradient) return ASK_DONE;
    bool adversarial = attack_succeeds(s, a->logits);
    double size = dual_norm(NORM_L2, a->gradient, s->d), step = half_cosine(s, n->taken, 1, 0.01);
    if (n->taken > 1 && adversarial != n->was_adversarial) n->share = fmax(0.7 * n->share, last_share);
    n->was_adversarial = adversarial;
    if (n->taken > 0) n->radius *= adversarial ? 1 - n->share : 1 + n->share;
    if (size > 0 && isfinite(size))
        for (size_t i = 0; i < s->d; i++)
            n->delta[i] += (float)(step / size * a->gradient[i]);
    double length = dual_norm(NORM_L2, n->delta, s->d), scale = length > 0 ? n->radius / length : 0;
    for (size_t i = 0; i < s->d; i++) {
        float to = (float)(s->x0[i] + scale * n->delta[i]);
        x[i] = fminf(fmaxf(to, s->lb[i]), s->ub[i]);
        n->delta[i] = x[i] - s->x0[i];
    }
    n->taken++;
    return n->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_ddn = {
    .name = "ddn",
    .title = "the direction by gradient steps, the L2 distance by shrinking and growing a sphere",
    .norms = NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
};
