/* Jacobian-based saliency map: Papernot et al., "The limitations of deep learning in adversarial settings", 2016, algorithm 2 and section IV: floats go to
 * the end of their range, one at a time, by how much that raises the target's logit and lowers the sum of the others; two where no single one
 * does both. Up or down, as in Wiyatno and Xu, "Maximal Jacobian-based saliency map attack", 2018, and by the room that is left, as in Loison et al., "Probabilistic Jacobian-based saliency maps attacks",
 * 2020 (Taylor JSMA), whose variants change fewer. Untargeted, each restart aims at another of the likeliest classes. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

/* What moving a float to the end of its range would do, to first order. */
typedef struct saliency {
    float target, others; /* by how much the target's logit rises, and the sum of the others falls */
    float to;
    int32_t at;
} saliency;

typedef struct jsma {
    int target, taken;
    bool others; /* it asks for the gradient of the others' sum; else of the target's logit */
    size_t candidates;
    saliency *candidate; /* d */
    float *gradient;     /* d: of the target's logit */
    max_align_t memory[];
} jsma;

static size_t state_bytes(const attack_sample *s) {
    return sizeof(jsma) + s->d * (sizeof(saliency) + sizeof(float));
}

static ask start(const attack_sample *s, void *state, float *x) {
    jsma *j = state;
    *j = (jsma){.target = attack_ranked_target(s), .candidate = (saliency *)j->memory};
    j->gradient = (float *)(j->candidate + s->d);
    memcpy(x, s->x0, s->d * sizeof *x);
    return j->target < 0 ? ASK_DONE : ASK_GRADIENT;
}

static float loss(const attack_sample *s, const void *state, const float *z, float *dz) {
    const jsma *j = state;
    float sum = 0;
    for (int k = 0; k < s->classes; k++) {
        dz[k] = (k == j->target) != j->others;
        sum += dz[k] * z[k];
    }
    return sum;
}

static int by_target(const void *a, const void *b) {
    const saliency *p = a, *q = b;
    if (p->target != q->target) return p->target > q->target ? -1 : 1;
    if (p->others != q->others) return p->others > q->others ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

/* A float that was changed stays. Of the others only those can be in the best pair that at most one other is ahead of in both respects: in falling
 * order of the target's gain, whose loss of the others is above the second largest so far. */
static void find_candidates(const attack_sample *s, jsma *j, const float *others, const float *x) {
    size_t count = 0, kept = 0;
    float first = -INFINITY, second = -INFINITY;
    for (size_t i = 0; i < s->d; i++) {
        float up = j->gradient[i] - others[i], to = up > 0 ? s->ub[i] : s->lb[i], room = to - x[i];
        if (x[i] != s->x0[i] || room == 0 || !isfinite(up)) continue;
        j->candidate[count++] = (saliency){j->gradient[i] * room, -others[i] * room, to, (int32_t)i};
    }
    qsort(j->candidate, count, sizeof *j->candidate, by_target);
    for (size_t i = 0; i < count; i++) {
        saliency c = j->candidate[i];
        if (c.others <= second) continue;
        j->candidate[kept++] = c;
        second = c.others > first ? first : c.others;
        first = fmaxf(first, c.others);
    }
    j->candidates = kept;
}

/* The saliency of a change: 0 where it does not both raise the target and lower the others. */
static double salient(double target, double others) {
    return target > 0 && others > 0 ? target * others : 0;
}

/* The best single float. */
static bool move_one(const jsma *j, float *x) {
    const saliency *best = NULL;
    double most = 0;
    for (const saliency *c = j->candidate; c < j->candidate + j->candidates; c++) {
        double value = salient(c->target, c->others);
        if (value > most) best = c;
        most = fmax(most, value);
    }
    if (best) x[best->at] = best->to;
    return best;
}

static bool move_two(const jsma *j, float *x) {
    const saliency *one = NULL, *other = NULL, *end = j->candidate + j->candidates;
    double most = 0;
    for (const saliency *p = j->candidate; p < end; p++)
        for (const saliency *q = p + 1; q < end; q++) {
            double value = salient((double)p->target + q->target, (double)p->others + q->others);
            if (value <= most) continue;
            most = value;
            one = p;
            other = q;
        }
    if (!one) return false;
    x[one->at] = one->to;
    x[other->at] = other->to;
    return true;
}

static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    jsma *j = state;
    if (attack_succeeds(s, a->logits) || !a->gradient) return ASK_DONE;
    j->others = !j->others;
    if (j->others) {
        memcpy(j->gradient, a->gradient, s->d * sizeof *x);
        return ASK_GRADIENT;
    }
    find_candidates(s, j, a->gradient, x);
    if (!move_one(j, x) && !move_two(j, x)) return ASK_DONE;
    return ++j->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_jsma = {
    .name = "jsma",
    .title = "saliency map: few floats, by what each does to the logits",
    .norms = NORM_BIT_L0,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 3},
    .reach = 1,
    .order = EPS_FREE,
    .ranks_classes = true,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss,
};
