/* DeepFool: Moosavi-Dezfooli, Fawzi, Frossard, "DeepFool: a simple and accurate method to fool deep neural networks", 2016,
 * algorithm 2: to the nearest of the boundaries, taken as planes, again and again. The step is to the plane inside the box of pixels. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct deepfool {
    int taken, class; /* class: whose boundary is being asked about */
    double nearest;   /* distance of the nearest plane in this iteration */
    double gap;       /* by how much the logits miss it */
    float w[];        /* its normal */
} deepfool;

enum { MOST_CLASSES = 10 }; /* only the likeliest, as the authors do */
static const double overshoot = 0.02;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(deepfool) + s->d * sizeof(float);
}

/* The class to ask about after the one of rank `rank`, by the clean image; -1 when all were asked. */
static int class_of_rank(const attack_sample *s, int rank) {
    if (s->target >= 0) return rank == 1 ? s->target : -1;
    return rank < MOST_CLASSES ? attack_runner_up(s, rank) : -1;
}

static ask start(const attack_sample *s, void *state, float *x) {
    deepfool *f = state;
    *f = (deepfool){.class = 1, .nearest = INFINITY};
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static float loss(const attack_sample *s, const void *state, const float *z, float *dz) {
    return loss_difference(s, class_of_rank(s, ((const deepfool *)state)->class), s->label, z, dz);
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    deepfool *f = state;
    if (!a->gradient) return ASK_DONE;
    if (a->loss > 0 && f->class == 1 && f->taken > 0) return ASK_DONE; /* across */
    double length = dual_norm(s->norm, a->gradient, s->d), distance = fabs((double)a->loss) / length;
    if (isfinite(distance) && distance < f->nearest) {
        f->nearest = distance;
        f->gap = fabs((double)a->loss);
        memcpy(f->w, a->gradient, s->d * sizeof *f->w);
    }
    f->class ++;
    if (class_of_rank(s, f->class) >= 0) return ASK_GRADIENT;
    if (!isfinite(f->nearest)) return ASK_DONE;
    hyperplane_reach(s, f->w, f->gap * (1 + overshoot) + 1e-6, x);
    f->taken++;
    f->class = 1;
    f->nearest = INFINITY;
    return f->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_deepfool = {
    .name = "deepfool",
    .title = "steps to the nearest boundary, taken as a plane: small perturbations, quickly",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 50, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss,
};
