/* The parts of the runner: a pool of slots per worker (pool.c), the life of one sample in a slot (slot.c; its eps and restarts slot_order.c; of a random model slot_draws.c), verdicts and loss
 * gradients (judge.c), the curve over eps (curve.c). */
#ifndef ATTACKS_RUNNER_INTERNAL_H
#define ATTACKS_RUNNER_INTERNAL_H

#include <stdatomic.h>

#include "attacks/runner.h"

/* What happened to a sample, one bit each. */
enum {
    FLAG_ZERO_GRADIENT = 1,
    FLAG_NOT_FINITE = 2,
    FLAG_TIED = 4,
    FLAG_OUTSIDE = 8,
    FLAG_RECHECK_FAILED = 16,
    FLAG_BUDGET = 32
};

/* One call of attack_run: what all workers share. Rows of `out` and `flags` belong to the slot that carries the row. */
typedef struct campaign {
    model *m;
    const dataset *d;
    const attack_plan *plan;
    attack_options options; /* defaults filled in */
    const run *r;
    uint64_t share; /* forward-equivalents that a sample may spend */
    bool random;    /* the model */
    bool gives_up;
    uint32_t looks, measures, votes; /* draws told to the method; of a measure; of a verdict. 1 where the model is not random */
    uint32_t stream;                      /* of this method's draws */
    int slots, tile; /* per worker */
    attack_result *out;
    uint8_t *flags;     /* n */
    atomic_int next;    /* the queue: rows from here on are not begun */
    atomic_bool stop;   /* a worker failed */
    atomic_llong refused, overturned; /* see attack_result */
    int done, survived; /* for progress, under its lock */
} campaign;

/* Where a sample stands: what its next answer will be about. */
typedef enum phase { PHASE_CLEAN, PHASE_ATTACK, PHASE_RECHECK, PHASE_MEASURE, PHASE_VERDICT } phase;

/* How far a walk has come: the best score at each tenth of its answers. */
enum { HOPE_CHECKS = 10 };
typedef struct hope {
    int answers;
    double first, best, at[HOPE_CHECKS];
} hope;

/* A place in the pool and the sample it carries. */
typedef struct slot {
    attack_sample s;
    int row; /* of the data set; -1 = empty */
    phase phase;
    ask waits_for;  /* ASK_DONE: for nothing */
    int eps;        /* index into the plan; n_eps while a method walks without a ball; -1 before the first */
    uint64_t spent; /* forward-equivalents */
    uint32_t drawn; /* draws used of this method's stream */
    ask after_recheck; /* what the method asked for when it was told of the iterate now being re-checked or measured */
    int guessed;       /* right in a row, of the images looked ahead for */
    int found_at;      /* place in the tile where that iterate was evaluated; -1 outside re-checks */
    float *x, *x0, *lb, *ub;
    float *example; /* the iterate being re-checked; of a free walk the nearest success so far */
    double
        nearest; /* its distance in a free walk; infinite before there is one, and once it was re-checked what must be beaten */
    bool unchecked;        /* the walk has an example whose re-check, or verdict of a random model, waits for its end */
    float *trial;          /* random models: the iterate being measured; `example` is the deepest so far */
    float depth;           /* of that, by the draws that measured it */
    int successes, streak; /* of this walk: iterates that broke the sample; last measures that all did */
    float *clean_gradient; /* at x0 */
    hope hope;
    attack_answer clean;   /* gradient NULL until known */
    void *state;
} slot;

/* The loop of one worker: fills its slots from the queue, evaluates tiles, until the queue is empty. Adds its cost to *forwards,
 * *backwards. */
MUST_CHECK status pool_run(campaign *c, int worker, uint64_t *forwards, uint64_t *backwards, err *e);

void slot_begin(slot *k, campaign *c, int row);
/* Tells the sample what it waited for. `place`: where in the tile its image was. Empties the slot at the end. */
void slot_answer(slot *k, campaign *c, const attack_answer *a, int place);
const float *slot_image(const slot *k);

/* The part of a plan that does not depend on the method: images that the model takes, eps, targets. */
MUST_CHECK status attack_check_plan(const model *m, const dataset *d, const attack_plan *plan, err *e);

/* A result of the plan in which nothing was tried, beyond what the plan goes on after; examples are copies of the images. Free it in any case. */
MUST_CHECK status attack_result_new(attack_result *a, const dataset *d, const attack_plan *plan, err *e);

/* Counts the flags, one byte a row, into the alarms. */
void attack_raise_alarms(attack_result *out, const uint8_t *flags, const dataset *d);
/* Whether the method walks without a ball. And on to the next restart at an eps that was not broken, else to the next eps; false when all are
 * done. */
bool walk_is_free(const campaign *c);
bool walk_next(slot *k, const campaign *c);

/* The draws for the next evaluation: none is ever used twice. Then for random models: at the start of a walk; whether the success in `trial` is to be
 * measured (the first, second, fourth, ... and the last iterate); and what a measure said, true when the walk need not go on. */
model_draws slot_draws(slot *k, const campaign *c);
void draws_begin_walk(slot *k);
bool draws_measure(slot *k, const campaign *c, ask next);
bool draws_take(slot *k, const float *logits);

/* For plans that give up: at the start of a walk; and told of the answer at k->x, whether the walk may still break the sample. */
void hope_begin(slot *k);
bool hope_left(slot *k, const campaign *c, const attack_answer *a);

bool judge_tied(const float *logits, int classes);

/* The loss of methods that have none of their own, see attack.loss; dz has `classes` floats. */
float judge_loss(const attack_sample *s, const float *logits, float *dz);

/* The index of the smallest eps of the plan that the example, which fits the one of index `found` (n_eps: none need fit), serves. */
int curve_smallest(const attack_plan *plan, const slot *k, int found);

#endif
