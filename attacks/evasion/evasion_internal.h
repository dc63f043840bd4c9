/* What the evasion methods share: moves inside the ball, and the ascent of which FGSM, BIM and PGD are three settings. */
#ifndef ATTACKS_EVASION_EVASION_INTERNAL_H
#define ATTACKS_EVASION_EVASION_INTERNAL_H

#include "attacks/attack.h"
#include "core/rng.h"

#define ATTACK(name) extern const attack attack_##name;
#include "attacks/attacks.def"
#undef ATTACK

enum {
    NORM_BIT_LINF = 1 << NORM_LINF,
    NORM_BIT_L2 = 1 << NORM_L2,
    NORM_BIT_L1 = 1 << NORM_L1,
    NORM_BIT_L0 = 1 << NORM_L0
};

/* The nearest number of [lb, ub], where lb <= ub; NaN becomes lb. */
static inline float clip_between(float x, float lb, float ub) {
    float low = x > lb ? x : lb;
    return low < ub ? low : ub;
}

/* x <- uniform in the ball around x0, then moved into the box. `g` is used up in the order of the components. */
void ball_random(const attack_sample *s, rng *g, float *x);

/* x <- nearest point of ball and box. Not for L0. */
void ball_project(const attack_sample *s, float *x);

/* Where to go on from a larger ball: x <- the nearest point to what broke the sample there. False, and x untouched, where there is none. */
bool ball_go_on(const attack_sample *s, float *x);

/* x <- nearest point of the ball and box to x + step * eps * direction, where direction is sign(gradient) for Linf,
 * gradient / ||gradient|| for L2, and for L1 the sign of the hundredth of its components that are largest and can still move, divided by
 * their number (Tramer, Boneh, "Adversarial training and robustness for multiple perturbations", 2019, section 4.1). A gradient of zeros, or with
 * a NaN under L2 and L1, leaves x where it is. */
void ball_ascend(const attack_sample *s, double step, const float *gradient, float *x);

/* The same with the norm L1 for the `count` largest components (at least one, and all that equal the last) instead of the hundredth. */
void ball_ascend_sparse(const attack_sample *s, double step, const float *gradient, size_t count, float *x);

/* Moves x by as little as possible, in the norm of s (Linf, L2, L1) and inside its box, so that <w, x> changes by `wanted`; or as far
 * as the box lets it. */
void hyperplane_reach(const attack_sample *s, const float *w, double wanted, float *x);

/* `from` at the beginning, `to` after all steps of the options, along half a cosine. */
double half_cosine(const attack_sample *s, int taken, double from, double to);

/* ||w|| in the norm dual to p; for L0 the largest component. */
double dual_norm(norm p, const float *w, size_t d);

/* Losses for attack.loss. z: logits. */

/* z_above - z_below. */
float loss_difference(const attack_sample *s, int above, int below, const float *z, float *dz);
/* The largest logit other than the label's minus the label's, or the target's minus the largest other. Positive: broken. */
float loss_margin(const attack_sample *s, const void *state, const float *z, float *dz);
/* Minus max(-margin, 0): as the margin until the sample is broken, then 0, so that a distance beside it pulls alone. */
float loss_hinge(const attack_sample *s, const void *state, const float *z, float *dz);
/* The difference-of-logits ratio, Croce and Hein 2020, equation 6: the margin divided by the spread between the first and the third logit, and
 * equation 7 where the sample has a target. Fewer than 3 (with target 4) classes have no such spread: the margin. */
float loss_dlr(const attack_sample *s, const void *state, const float *z, float *dz);
/* Equation 7 for this target. */
float loss_dlr_towards(const attack_sample *s, int target, const float *z, float *dz);

/* The constant c of c * loss beside a distance (Carlini and Wagner 2017): tenfold until one finds an example, then bisected. */
typedef struct constant_search {
    int done;
    double c, low, high;
    bool found; /* an example, with this c */
} constant_search;

constant_search constant_search_begin(double c);
bool constant_search_next(constant_search *k); /* the next c, found = false; false after nine */

/* Projected gradient ascent (Kurakin et al. 2016; Madry et al. 2018): `steps` gradients, each followed by a step of step_size * eps
 * (falling: on average), and a forward pass at the last point. */
size_t ascent_state_bytes(const attack_sample *s);
ask ascent_start(const attack_sample *s, void *state, float *x);
ask ascent_step(const attack_sample *s, void *state, const attack_answer *a, float *x);

#endif
