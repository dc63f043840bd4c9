/* Fast minimum norm: Pintor, Roli, Brendel, Biggio, "Fast minimum-norm adversarial attacks through adaptive norm constraints", 2021,
 * algorithm 1: gradient steps on the margin, projected on a ball whose radius is estimated from the margin until the boundary was
 * crossed, then shrinks and grows by falling shares around it. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct fmn {
    int taken;
    bool found;
    double radius, nearest; /* of the ball; of the best example */
} fmn;

static size_t state_bytes(const attack_sample *s) {
    (void)s;
    return sizeof(fmn);
}

static ask start(const attack_sample *s, void *state, float *x) {
    *(fmn *)state = (fmn){.radius = INFINITY, .nearest = INFINITY};
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static void resize(const attack_sample *s, fmn *f, const attack_answer *a, const float *x) {
    double now = ball_distance(s->norm, s->x0, x, s->d), share = half_cosine(s, f->taken, 0.05, 0.001);
    bool counts = s->norm == NORM_L0;
    if (attack_succeeds(s, a->logits)) {
        f->found = true;
        f->nearest = fmin(f->nearest, now);
        f->radius = fmin(f->radius * (1 - share), f->nearest);
        if (counts) f->radius = fmin(floor(f->radius), f->nearest - 1);
    } else if (f->found) {
        f->radius = fmin(f->radius * (1 + share), f->nearest);
        if (counts) f->radius = fmin(ceil(f->radius), f->nearest - 1);
    } else {
        double slope = dual_norm(s->norm, a->gradient, s->d);
        double ahead = slope > 0 ? fabs((double)a->loss) / slope : INFINITY;
        f->radius = counts ? now + ceil(fmax(1, ahead)) : now + 1.01 * ahead + 1e-6; /* across, not on it */
    }
    if (counts) f->radius = fmax(f->radius, 1);
}

/* The size above which a change is among the `count` largest. */
static float size_of_largest(const float *x, const float *x0, size_t d, double count) {
    float low = 0, high = 1;
    for (int step = 0; step < 40; step++) {
        float middle = (low + high) / 2;
        double above = 0;
        for (size_t i = 0; i < d; i++)
            above += fabsf(x[i] - x0[i]) > middle;
        if (above > count)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static void project(const attack_sample *s, double radius, float *x) {
    attack_sample ball = *s; /* of this radius; its box stays that of pixels */
    ball.eps = radius;
    for (size_t i = 0; i < s->d; i++) {
        float delta = x[i] - s->x0[i], most = (float)radius;
        if (s->norm == NORM_LINF) delta = fminf(fmaxf(delta, -most), most);
        x[i] = fminf(fmaxf(s->x0[i] + delta, s->lb[i]), s->ub[i]);
    }
    if (s->norm == NORM_L0) {
        float least = size_of_largest(x, s->x0, s->d, radius);
        for (size_t i = 0; i < s->d; i++)
            if (fabsf(x[i] - s->x0[i]) <= least) x[i] = s->x0[i];
    } else if (s->norm != NORM_LINF && isfinite(radius)) {
        ball_project(&ball, x);
    }
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    fmn *f = state;
    if (!a->gradient) return ASK_DONE;
    resize(s, f, a, x);
    double size = dual_norm(NORM_L2, a->gradient, s->d);
    double length = half_cosine(s, f->taken, s->norm == NORM_LINF ? 10 : 1, 1e-5);
    if (size > 0 && isfinite(size))
        for (size_t i = 0; i < s->d; i++)
            x[i] += (float)(length / size * a->gradient[i]);
    project(s, f->radius, x);
    f->taken++;
    return f->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_fmn = {
    .name = "fmn",
    .title = "fast minimum norm: gradient steps on a ball that finds its radius",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1 | NORM_BIT_L0,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss_margin,
};
