/* Attacks as per-sample state machines. An attack never sees a model, a batch or a file: it says which image it wants evaluated
 * next, and is told the logits or a gradient there. The runner (attacks/runner.h) owns memory, gathers tiles from whoever waits, judges every
 * iterate itself and re-checks every success. */
#ifndef ATTACKS_ATTACK_H
#define ATTACKS_ATTACK_H

#include <stdint.h>

#include "attacks/threat.h"
#include "core/tensor.h"

/* Knobs that methods share; a method reads what it needs. */
typedef struct attack_options {
    int steps;        /* iterations, or queries of a method without gradient; 0 = the method's default */
    double step_size; /* in units of eps, so that the step scales with eps; 0 = reach / steps of the method */
    bool
        falling; /* steps fall linearly to 0 and step_size is their mean; the method's own choice, and false where step_size is given */
    int restarts; /* independent random starts; 0 = the method's default; without a random start always 1 */
    bool random_start; /* also for a method that has none by default; it cannot be taken from one that has */
} attack_options;

/* The facts about one sample under attack: constant during a restart. */
typedef struct attack_sample {
    size_t d; /* floats in an image */
    shape image;
    int classes, label, target; /* target: the class wanted, or -1 for untargeted */
    norm norm;
    double eps;                /* infinite for methods that minimise the distance */
    const float *x0, *lb, *ub; /* the clean image and its box */
    const float *clean_logits; /* at x0 */
    const float *
        warm; /* for methods that descend: what broke the sample at a larger eps, else NULL; valid in start only */
    const attack_options *options; /* with the method's defaults filled in */
    uint64_t seed;
    int32_t id; /* original row id, for random streams */
    int restart;
} attack_sample;

typedef enum ask {
    ASK_FORWARD,  /* logits at x */
    ASK_GRADIENT, /* logits and the gradient of the method's loss */
    ASK_DONE
} ask;

typedef struct attack_answer {
    const float *logits;
    const float *gradient; /* d floats after ASK_GRADIENT, else NULL */
    float loss;            /* the method's */
} attack_answer;

/* How a method goes through several eps. */
typedef enum eps_order {
    EPS_ASCENDING,  /* from the smallest up to the first that breaks the sample */
    EPS_DESCENDING, /* from the largest down to the first that does not: a ball holds every smaller one. `warm` is where to go on */
    EPS_FREE /* one walk without a ball, which makes the distance small: what it finds serves every eps that it fits */
} eps_order;

/* A method. `x` is the image the runner will evaluate: start writes the first, step reads the last and writes the next, inside the ball
 * (the runner projects nothing; an image outside counts as no success and is reported). */
typedef struct attack {
    const char *name, *title;
    unsigned norms;          /* bit 1 << norm */
    bool needs_gradient;     /* it may ask for gradients; it may ask for logits alone in any case */
    attack_options defaults; /* step_size 0: reach / steps */
    double reach;            /* length of the whole path, in units of eps, unless the caller chooses a step */
    eps_order order;
    bool ranks_classes; /* restart r is about the class of rank r behind the label's, not about chance */
    /* What ASK_GRADIENT is the gradient of: the loss, which the attacker raises, and its gradient dz with respect to the logits. NULL: cross
     * entropy of the label, or minus that of the target, its gradient divided by 1 - p of that class: the same direction, which does
     * not vanish where the model is sure. */
    float (*loss)(const attack_sample *s, const void *state, const float *logits, float *dz);
    /* NULL, or whether the image asked for may lie outside the ball on purpose, as a way into it: no success then, and no alarm. */
    bool (*strays)(const attack_sample *s, const void *state);
    /* NULL, or for methods that wait for logits: x <- the image that will be asked for `later` >= 1 answers after the one that is waited for, should none of these change
     * the course of the search; false where that cannot be said. The runner evaluates it in places of a tile that would stay empty, and uses
     * the answer if that is what is asked for then, bit for bit. */
    bool (*ahead)(const attack_sample *s, const void *state, int later, float *x);
    size_t (*state_bytes)(const attack_sample *s); /* may look at d, image, classes, norm and options only */
    ask (*start)(const attack_sample *s, void *state, float *x);
    ask (*step)(const attack_sample *s, void *state, const attack_answer *a, float *x);
} attack;

/* The verdict on logits: the target strictly above all others, or without a target any answer that is not correct. */
bool attack_succeeds(const attack_sample *s, const float *logits);

/* What an attacker who sees logits lowers: z_y minus the highest other logit, or with a target the highest other minus that of the target.
 * A success is <= 0 untargeted and < 0 with a target. Where a logit is not finite: -infinity untargeted (the model
 * is wrong there), infinity with a target. */
double attack_margin(const attack_sample *s, const float *logits);

/* The class of rank `rank` (1 = the likeliest) among those other than the label on the clean image, equal logits in the order of the
 * classes; -1 past the last. */
int attack_runner_up(const attack_sample *s, int rank);

/* Of a method that ranks classes, which one this restart is about: the sample's own target in the first and none after it; without one the
 * runner-up of rank restart + 1. -1 where there is none. */
int attack_ranked_target(const attack_sample *s);

/* What was asked for with the method's defaults filled in: the options that samples see, and that results state. */
attack_options attack_options_fill(const attack *method, attack_options asked);

const attack *attack_find(const char *name); /* NULL when unknown */
const attack *attack_at(int i);              /* in the order of attacks.def; NULL past the end */

#endif
