/* Brendel-Bethge: Brendel, Rauber, Kuemmerer, Ustyuzhaninov, Bethge, "Accurate, reliable and fast robustness evaluation", 2019: from a misclassified image to the boundary
 * by bisection, and along it towards the clean image, each step to the nearest point of the boundary, taken as a plane, inside a trust region that
 * shrinks. The first image comes from gradient steps that double, or, where these fail and in further restarts, from noise. Theirs
 * aim a tenth of the margin beyond the boundary; where it is curved all end before it. Here a step aims as much farther as the last ones fell short.
 * For L0 the way in keeps the largest changes, and the step is one of whole floats (bb_sparse.c). */
#include <math.h>
#include <string.h>

#include "attacks/evasion/bb_step_internal.h"
#include "attacks/evasion/decision_internal.h"

typedef enum stage { CLIMB, SEEK, NARROW, WALK } stage;

typedef struct bb {
    stage stage;
    int taken;           /* in this stage */
    double right, wrong; /* shares of the way to `from`: what the model answers there */
    double first_radius; /* of the trust region */
    double lead;         /* how far beyond the boundary a step aims, in units of the margin */
    bool reached;        /* the last step reached the plane it aimed at */
    float floats[];      /* an image that is misclassified */
} bb;
enum { CLIMBS = 12, HALVINGS = 10 };
static const double gain = 0.5, least_gain = 1e-6, first_share = 0.5, last_share = 1e-3;
/* With L0 a step changes whole floats, and the way of one is 1. */
static const double first_sparse = 1.5, last_sparse = 0.7;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(bb) + s->d * sizeof(float);
}

static ask seek(const attack_sample *s, bb *w, float *x) {
    if (w->stage != SEEK) w->taken = 0;
    w->stage = SEEK;
    if (w->taken == DECISION_TRIES) return ASK_DONE;
    decision_try(s, "bb", w->taken++, x);
    return ASK_FORWARD;
}

static ask start(const attack_sample *s, void *state, float *x) {
    bb *w = state;
    *w = (bb){.stage = s->restart == 0 ? CLIMB : SEEK};
    if (w->stage == SEEK) return seek(s, w, x);
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

/* Every other step is twice as long. With Linf along the gradient's sign, so that the way along the boundary begins at changes of one size. */
static ask climb(const attack_sample *s, bb *w, const float *gradient, float *x) {
    double size = gradient ? dual_norm(NORM_L2, gradient, s->d) : 0;
    if (w->taken == CLIMBS || !(size > 0 && isfinite(size))) return seek(s, w, x);
    double length = ldexp(1.0 / 64, w->taken / 2), scale = length * sqrt((double)s->d) / size;
    for (size_t i = 0; i < s->d; i++) {
        double by =
            s->norm == NORM_LINF ? copysign(gradient[i] != 0 ? length : 0, gradient[i]) : scale * gradient[i];
        x[i] = fminf(fmaxf((float)(x[i] + by), s->lb[i]), s->ub[i]);
    }
    w->taken++;
    return ASK_GRADIENT;
}

/* Between the clean image and `from`; with L0 the share of its changes that are largest. */
static void blend(const attack_sample *s, const float *from, double t, float *x) {
    if (s->norm != NORM_L0) {
        decision_blend(s, from, t, x);
        return;
    }
    double least = (1 - t) * ball_distance(NORM_LINF, s->x0, from, s->d);
    for (size_t i = 0; i < s->d; i++)
        x[i] = fabs((double)from[i] - s->x0[i]) > least ? from[i] : s->x0[i];
}

static ask ask_middle(const attack_sample *s, bb *w, float *x) {
    bool last = w->taken == HALVINGS;
    blend(s, w->floats, last ? w->wrong : (w->right + w->wrong) / 2, x);
    if (!last) return ASK_FORWARD;
    w->stage = WALK;
    w->taken = 0;
    w->first_radius =
        s->norm == NORM_L0 ? first_sparse : first_share * ball_distance(NORM_L2, s->x0, x, s->d);
    return ASK_GRADIENT;
}

static ask begin_narrow(const attack_sample *s, bb *w, float *x) {
    memcpy(w->floats, x, s->d * sizeof *x);
    w->stage = NARROW;
    w->taken = 0;
    w->wrong = 1;
    return ask_middle(s, w, x);
}

static ask narrow(const attack_sample *s, bb *w, bool success, float *x) {
    double middle = (w->right + w->wrong) / 2;
    if (success)
        w->wrong = middle;
    else
        w->right = middle;
    w->taken++;
    return ask_middle(s, w, x);
}

static ask walk(const attack_sample *s, bb *w, const attack_answer *a, float *x) {
    double size = a->gradient ? dual_norm(NORM_L2, a->gradient, s->d) : 0, margin = a->loss;
    if (!(size > 0 && isfinite(size) && isfinite(margin))) return ASK_DONE;
    if (w->reached) w->lead = fmax(w->lead - gain * margin, 0);
    double last = s->norm == NORM_L0 ? last_sparse / first_sparse : last_share;
    double radius = exp(log(last) * w->taken / s->options->steps) * w->first_radius;
    double wanted = w->lead - margin + least_gain;
    w->reached = s->norm == NORM_L0 ? bb_step_sparse(s, a->gradient, wanted, radius, x)
                                    : bb_step(s, a->gradient, wanted, radius, x);
    return ++w->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    bb *w = state;
    bool success = attack_succeeds(s, a->logits);
    if (w->stage == NARROW) return narrow(s, w, success, x);
    if (w->stage == WALK) return walk(s, w, a, x);
    if (success) return begin_narrow(s, w, x);
    return w->stage == CLIMB ? climb(s, w, a->gradient, x) : seek(s, w, x);
}

const attack attack_bb = {
    .name = "bb",
    .title = "Brendel and Bethge: along the boundary to its point nearest by",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1 | NORM_BIT_L0,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1, .random_start = true},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss_margin,
};
