/* The sealed runner: carries samples through an attack against a model. It tests success at every iterate, drops broken samples inside the iterations and
 * refills their places, re-checks every adversarial example in float32 on a fresh forward pass, and counts the cost. */
#ifndef ATTACKS_RUNNER_H
#define ATTACKS_RUNNER_H

#include "attacks/attack.h"
#include "datasets/dataset.h"
#include "nets/model.h"

typedef struct attack_plan {
    const attack *method;
    attack_options options; /* zeros take the method's defaults */
    norm norm;
    const double *eps; /* n_eps values >= 0, ascending */
    int n_eps;
    const int32_t *targets; /* one per row, or NULL for untargeted */
    bool
        no_drop; /* every sample runs all steps at every eps, and the verdict is the last iterate's (of any restart): as other
                                     tools do, for comparison */
    bool to_the_end;              /* every walk runs all its steps, as other tools do; unlike no_drop, a success at any iterate counts */
    bool gives_up;                /* a walk ends where what it gained of late, carried on generously, would not break the sample: slot_hope.c has the rule. Not with no_drop, to_the_end or a random model */
    bool verdicts_only;           /* a walk that minimises the distance ends once it has broken the smallest eps */
    const struct attack_result *
        after; /* NULL, or what earlier methods of a cascade left on the same data and eps: their broken samples are not
                                     tried at the eps that broke them or above, and `out` goes on from their results */
    int eot; /* of a random model: draws whose mean logits, and whose gradient, the method is told; 0 = 1, at most the model's tile. Others: 0 or 1 */
    /* NULL, or told of every iterate that is judged, before the method is: for looking into a walk. `row` is that of the data, `x` the iterate; `success`: inside
     * the ball and broken. Calls for one row come in order and one at a time, those for different rows from several threads at once. */
    void (*watch)(void *user, int row, const attack_sample *s, const float *x, const attack_answer *a, bool success);
    void *watcher;      /* `user` of it */
    int batch;          /* most samples in flight, 0 = as many as are useful; results do not depend on it */
    bool keep_examples; /* fill `examples` of the result; `after` must have them too */
} attack_plan;

/* What happened, per sample and in all. All arrays belong to the result. */
typedef struct attack_result {
    int n, n_eps, classes;
    uint8_t *finished;      /* n: 1 = carried to its end; 0 only after a cancelled run */
    uint8_t *clean_correct; /* n: 1 = correct on the unchanged image; 0 where that was not evaluated */
    int32_t *
        broken_at; /* n: index of the smallest eps at which the sample is broken; n_eps = survived all. Misclassified clean
                                     images are 0. Monotone in eps by construction: an example found at one eps serves every larger one,
                                     and every smaller one that its distance fits */
    float *
        distance; /* n: norm of the perturbation that broke the sample (0: the clean image is misclassified), NAN where none */
    float *clean_logits;   /* n x classes; NAN where not evaluated */
    float *examples;       /* n x d, of the smallest eps that broke (copy of the image where none), or NULL */
    float *example_logits; /* n x classes at these, or NULL */
    uint64_t forwards, backwards; /* samples times passes, the re-checks included */
    /* For warnings: in how many samples it happened, and the original row ids of the first few. */
    enum { ATTACK_SAMPLES = 8 } most_samples;
    struct attack_alarm {
        int64_t count;
        int n;
        int32_t rows[ATTACK_SAMPLES];
    } zero_gradient,    /* some gradient was exactly zero everywhere while the sample was not broken */
        not_finite,     /* a logit or gradient was NaN or infinite */
        tied,           /* the largest logit was tied on the clean image */
        outside,        /* an iterate left the ball (a bug of the method) */
        recheck_failed; /* success not confirmed by the fresh forward pass */
    /* Of a random model: successes that fresh draws did not confirm, after which the walk went on, and examples that the draws of the verdict did not
     * find broken. Both are part of the game, and no alarm. */
    int64_t refused, overturned;
    bool budget_spent;  /* stopped by run.budget: samples not finished count as survived */
} attack_result;

/* What success means for a random model. Its answer is the mean of the logits over model_votes draws. The clean image is judged by that, in stream
 * 0; a method sees means over `eot` draws, each time others. The first, second, fourth, eighth ... success of a walk and its last iterate are measured by
 * max(eot, votes) fresh draws; three confirmed one after the other end the walk. The deepest that was confirmed (logits: best wrong one minus the
 * label's) is then judged by model_votes fresh draws that had no part in finding it, once an image and eps, and that verdict stands: asked until
 * the answer pleases, every model would break. Methods that minimise the distance, whose last step chance would decide, are refused.
 *
 * Attacks every row of d. An untargeted success is any answer that is not correct (see logits_correct), a targeted one is the target, strictly.
 *
 * run.budget is shared out equally: each sample may spend budget / n forward-equivalents (a gradient is 2), its re-checks included, and its first
 * evaluation is always made. So what is left undone does not depend on the order of the work.
 *
 * STATUS_USAGE for shapes that do not match, eps that are negative, NaN or not ascending, a norm the method does not have, a model without gradient,
 * an eot out of range, or a random model with a method that minimises the distance. STATUS_CANCELLED leaves a valid result in which unfinished samples count as survived. */
MUST_CHECK status attack_run(model *m, const dataset *d, const attack_plan *plan, const run *r,
                             attack_result *out, err *e);
void attack_result_free(attack_result *a);

/* Samples correct under attack at eps index i (clean-correct and not broken at or below i). */
int64_t attack_survivors(const attack_result *a, int i);

#endif
