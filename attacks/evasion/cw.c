/* Carlini, Wagner, "Towards evaluating the robustness of neural networks", 2017, section V, the L2 attack with loss f6: minimise
 * ||x - x0||^2 + c max(margin, 0) over w, x = (tanh w + 1) / 2, by Adam, for constants c that a bisection chooses. Pixels are pulled in
 * from 0 and 1 by a millionth before atanh: at the ends tanh is flat, and they would never move. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct cw {
    int taken; /* steps with this constant */
    constant_search search;
    float floats[];
} cw;
enum { W, MEAN, SQUARE, PARTS };
static const double rate = 0.05, beta1 = 0.9, beta2 = 0.999, pull = 0.999999;

static float *part(cw *a, const attack_sample *s, int i) {
    return a->floats + (size_t)i * s->d;
}

static size_t state_bytes(const attack_sample *s) {
    return sizeof(cw) + PARTS * s->d * sizeof(float);
}

static void begin_search(const attack_sample *s, cw *a) {
    a->taken = 0;
    for (size_t i = 0; i < s->d; i++)
        part(a, s, W)[i] = (float)atanh((2.0 * s->x0[i] - 1) * pull);
    memset(part(a, s, MEAN), 0, 2 * s->d * sizeof(float));
}

static void image_of(const attack_sample *s, cw *a, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = 0.5f * (tanhf(part(a, s, W)[i]) + 1);
}

static ask start(const attack_sample *s, void *state, float *x) {
    cw *a = state;
    *a = (cw){.search = constant_search_begin(1)};
    begin_search(s, a);
    image_of(s, a, x);
    return ASK_GRADIENT;
}

static void adam(const attack_sample *s, cw *a, const float *gradient, const float *x) {
    float *w = part(a, s, W), *mean = part(a, s, MEAN), *square = part(a, s, SQUARE);
    double left =
        1 - (a->taken - 1.0) / s->options->steps; /* the hinge shakes the point by a step: they shrink */
    double mean_part = 1 - pow(beta1, a->taken), square_part = 1 - pow(beta2, a->taken);
    for (size_t i = 0; i < s->d; i++) {
        double dx = 2 * ((double)x[i] - s->x0[i]) - a->search.c * gradient[i], t = 2.0 * x[i] - 1;
        double g = dx * (1 - t * t) / 2;
        if (!isfinite(g)) g = 0;
        mean[i] = (float)(beta1 * mean[i] + (1 - beta1) * g);
        square[i] = (float)(beta2 * square[i] + (1 - beta2) * g * g);
        w[i] -= (float)(rate * left * (mean[i] / mean_part) / (sqrt(square[i] / square_part) + 1e-8));
    }
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *answer, float *x) {
    cw *a = state;
    if (!answer->gradient) return ASK_DONE;
    a->search.found |= attack_succeeds(s, answer->logits);
    if (++a->taken <= s->options->steps) {
        adam(s, a, answer->gradient, x);
    } else {
        if (!constant_search_next(&a->search)) return ASK_DONE;
        begin_search(s, a);
    }
    image_of(s, a, x);
    return ASK_GRADIENT;
}

const attack attack_cw = {
    .name = "cw",
    .title = "Carlini and Wagner: the smallest L2 distance by Adam",
    .norms = NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 150, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss_hinge,
};
