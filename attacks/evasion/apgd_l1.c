/* Auto-PGD with the norm L1: Croce, Hein, "Mind the box: l1-APGD for sparse adversarial attacks on image classifiers", 2021, algorithm 1. Steps along the
 * signs of the largest components only, as many as two thirds of the floats that the best point so far changes; while that number falls, the step is long and the
 * walk goes on from the best point, else the step shrinks. As in the authors' AutoAttack the walk begins in balls three and two times as
 * large, and takes the best point of each into the next; what broke the sample at a larger eps stands in for these two. Checkpoints are a twenty-fifth of all steps apart;
 * their code takes that of the steps in each ball, which is one step. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/apgd_internal.h"

enum { BALLS = 3 };
static const double radii[BALLS] = {3, 2, 1}; /* in units of eps */
static const double share = 0.3; /* of the steps, in each ball but the last, which has the rest */
static const double shrink = 1.5, least_length = 0.1, settled = 0.95;

typedef struct apgd_l1 {
    apgd_aim aim;
    int ball, taken, steps; /* steps: in this ball, done and in all */
    int since, window;      /* steps since the last checkpoint, and between two */
    size_t changed;         /* floats that differ from the image, in the best point of the last checkpoint */
    size_t moved;           /* components of a step */
    double length;          /* of a step, in units of the radius */
    float best;
    float floats[]; /* the best point of this ball, its gradient, and the gradient at the last point */
} apgd_l1;
enum { BEST, BEST_GRADIENT, GRADIENT, PARTS };

static float *part(apgd_l1 *a, const attack_sample *s, int i) {
    return a->floats + (size_t)i * s->d;
}

size_t apgd_l1_state_bytes(const attack_sample *s) {
    return sizeof(apgd_l1) + PARTS * s->d * sizeof(float);
}

static attack_sample in_ball(const attack_sample *s, const apgd_l1 *a) {
    attack_sample ball = *s; /* the box is that of pixels for each radius */
    ball.eps *= radii[a->ball];
    return ball;
}

static void set_sparsity(const attack_sample *s, apgd_l1 *a, const float *x) {
    a->changed = (size_t)ball_distance(NORM_L0, s->x0, x, s->d);
    a->moved = (size_t)((double)a->changed / 1.5);
}

static int steps_before_last(const attack_sample *s) {
    return (int)ceil(share * s->options->steps);
}

static ask enter(const attack_sample *s, apgd_l1 *a, int steps, float *x) {
    attack_sample ball = in_ball(s, a);
    ball_project(&ball, x);
    set_sparsity(s, a, x);
    a->length = 1;
    a->taken = a->since = 0;
    a->steps = steps > 1 ? steps : 1;
    a->window = s->options->steps / 25 > 1 ? s->options->steps / 25 : 1;
    return ASK_GRADIENT;
}

ask apgd_l1_start(const attack_sample *s, int target, void *state, float *x) {
    apgd_l1 *a = state;
    *a = (apgd_l1){.aim.target = target};
    if (s->warm) {
        memcpy(x, s->warm, s->d * sizeof *x);
        a->ball = BALLS - 1;
        return enter(s, a, s->options->steps, x);
    }
    rng g = rng_stream(s->seed, "apgd-start", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
    for (size_t i = 0; i < s->d; i++)
        x[i] = s->x0[i] + rng_normal(&g);
    return enter(s, a, steps_before_last(s), x);
}

bool apgd_l1_strays(const void *state) {
    return ((const apgd_l1 *)state)->ball < BALLS - 1;
}

static void checkpoint(const attack_sample *s, apgd_l1 *a, float *x) {
    size_t before = a->changed;
    set_sparsity(s, a, part(a, s, BEST));
    a->since = 0;
    if ((double)a->changed < settled * (double)before) {
        a->length = 1;
        memcpy(x, part(a, s, BEST), s->d * sizeof *x);
        memcpy(part(a, s, GRADIENT), part(a, s, BEST_GRADIENT), s->d * sizeof *x);
    } else {
        a->length = fmax(a->length / shrink, least_length);
    }
}

/* The last ball gets what the others left of the steps. */
static ask next_ball(const attack_sample *s, apgd_l1 *a, float *x) {
    int each = steps_before_last(s);
    memcpy(x, part(a, s, BEST), s->d * sizeof *x);
    a->ball++;
    return enter(s, a, a->ball == BALLS - 1 ? s->options->steps - 2 * each : each, x);
}

ask apgd_l1_step(const attack_sample *s, void *state, const attack_answer *answer, float *x) {
    apgd_l1 *a = state;
    if (!answer->gradient) return ASK_DONE;
    memcpy(part(a, s, GRADIENT), answer->gradient, s->d * sizeof *x);
    if (a->taken == 0 || answer->loss > a->best) {
        a->best = answer->loss;
        memcpy(part(a, s, BEST), x, s->d * sizeof *x);
        memcpy(part(a, s, BEST_GRADIENT), answer->gradient, s->d * sizeof *x);
    }
    if (a->taken > 0 && ++a->since == a->window) checkpoint(s, a, x);
    if (a->taken == a->steps) return next_ball(s, a, x);
    attack_sample ball = in_ball(s, a);
    ball_ascend_sparse(&ball, a->length, part(a, s, GRADIENT), a->moved, x);
    a->taken++;
    return a->ball == BALLS - 1 && a->taken == a->steps ? ASK_FORWARD : ASK_GRADIENT;
}
