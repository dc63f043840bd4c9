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
    int steps;            /* iterations; 0 = the method's default */
    double step_size;     /* in units of eps, so that the step scales with eps; 0 = reach / steps of the method */
    bool falling;         /* steps fall linearly to 0 and step_size is their mean; the method's own choice, and false where step_size is given */
    int restarts;         /* independent random starts; 0 = the method's default; without a random start always 1 */
    bool random_start;    /* also for a method that has none by default; it cannot be taken from one that has */
} attack_options;

/* The facts about one sample under attack: constant during a restart. */
typedef struct attack_sample {
    size_t d;                       /* floats in an image */
    shape image;
    int classes, label, target;     /* target: the class wanted, or -1 for untargeted */
    norm norm;
    double eps;
    const float *x0, *lb, *ub;      /* the clean image and its box */
    const attack_options *options;  /* with the method's defaults filled in */
    uint64_t seed;
    int32_t id;                     /* original row id, for random streams */
    int restart;
} attack_sample;

typedef enum ask {
    ASK_FORWARD,   /* logits at x */
    ASK_GRADIENT,  /* logits and the direction in which the attacker's loss RISES: cross entropy of the label, or minus that of the target. It
                      is the gradient divided by 1 - p of that class: the same direction, which does not vanish where the model is sure */
    ASK_DONE
} ask;

typedef struct attack_answer {
    const float *logits;
    const float *gradient;   /* d floats after ASK_GRADIENT, else NULL */
    float loss;              /* of the label, or minus that of the target */
} attack_answer;

/* A method. `x` is the image the runner will evaluate: start writes the first, step reads the last and writes the next, inside the ball
 * (the runner projects nothing; an image outside counts as no success and is reported). */
typedef struct attack {
    const char *name, *title;
    unsigned norms;                          /* bit 1 << norm */
    bool needs_gradient;                     /* it may ask for gradients; it may ask for logits alone in any case */
    attack_options defaults;                 /* step_size is left 0 */
    double reach;                            /* length of the whole path, in units of eps, unless the caller chooses a step */
    size_t (*state_bytes)(const attack_sample *s); /* may look at d, image, classes, norm and options only */
    ask (*start)(const attack_sample *s, void *state, float *x);
    ask (*step)(const attack_sample *s, void *state, const attack_answer *a, float *x);
} attack;

/* What was asked for with the method's defaults filled in: the options that samples see, and that results state. */
attack_options attack_options_fill(const attack *method, attack_options asked);

const attack *attack_find(const char *name); /* NULL when unknown */
const attack *attack_at(int i);              /* in the order of attacks.def; NULL past the end */

#endif
