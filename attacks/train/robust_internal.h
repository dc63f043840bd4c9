/* What methods of robust training share. */
#ifndef ATTACKS_TRAIN_ROBUST_INTERNAL_H
#define ATTACKS_TRAIN_ROBUST_INTERNAL_H

#include "attacks/robust.h"
#include "core/arena.h"
#include "nets/model.h"

#define ROBUST(name) extern const robust_method robust_##name;
#include "attacks/robust.def"
#undef ROBUST

struct robust_setup {
    const robust_method *method;
    const robust_options *options;
    const net *net;
    const weights *weights;
    int most;
    const run *run; /* without a cancel flag: a batch is never left half-way */
};

/* eps at a batch: the full one after the warm-up, before it a share that rises every step. */
double robust_eps(const robust_options *o, const batch *b);

enum { ROBUST_NAME = 160 };

/* Method and settings in words, as the objective's name: what a checkpoint compares. */
void robust_describe(const robust_setup *s, char name[ROBUST_NAME]);

/* --- perturb.c: changing a batch of images ------------------------------------------------------------------------- */

typedef enum perturb_start {
    START_UNIFORM, /* in the ball and the box */
    START_OPEN,    /* in the ball, perhaps out of the box, into which the first step brings it */
    START_NEAR,    /* .001 N(0, 1), then the ball and the box */
    START_NOISE    /* sigma N(0, 1) without bounds; no step may follow */
} perturb_start;

typedef struct perturbation {
    perturb_start start;
    double eps, sigma;
    int steps;
    double step_size;   /* share of eps */
    bool divergence;    /* climbs KL(p(x) || p(x')), not the cross entropy of the label */
    const char *stream; /* of the start */
} perturbation;

typedef struct perturber {
    const net *net;
    run run;
    const weights *of; /* what `model` was made with */
    model *model;
    size_t d;
    float *scratch; /* of all workers */
    size_t scratch_floats;
} perturber;

MUST_CHECK status perturber_new(const net *n, const run *r, perturber *out, err *e);
void perturber_free(perturber *p);

/* out (b->n x d) = b->x changed against the weights as they are now. Inside ball and box, but for noise. */
MUST_CHECK status perturb_batch(perturber *p, const weights *w, const batch *b, const perturbation *how,
                                float *out, err *e);

/* Of n images those that the net in evaluation mode answers right. */
MUST_CHECK status perturber_count(perturber *p, const weights *w, const float *x, const int32_t *labels,
                                  int n, int *correct, err *e);

/* Fills clean_n and clean_correct from the first images of the batch: a quarter of one of usual size, as a sample that costs little. */
MUST_CHECK status perturber_judge_clean(perturber *p, const weights *w, const batch *b, batch_result *result,
                                        err *e);

/* --- guard.c: catastrophic overfitting ------------------------------------------------------------------------------ */

enum { GUARD_ROWS = 128, GUARD_STEPS = 5 };

/* Floats of state for a net: the best accuracy, then the weights that had it. All zeros at the start. */
size_t guard_floats(const net *n);

/* After an epoch: see objective_robust. */
MUST_CHECK status guard_judge(float *state, perturber *p, const dataset *d, double eps, int epoch,
                              weights *kept, bool *stop, err *e);

/* --- changed.c: objectives that train on changed images and nothing else --------------------------------------------- */

typedef struct changed_plan {
    perturbation how; /* eps, sigma, steps and step_size come from the options */
    bool guarded;
} changed_plan;

MUST_CHECK status changed_objective(const robust_setup *s, const changed_plan *plan, objective *out, err *e);

/* --- pair.c: objectives of an image and its changed twin --------------------------------------------------------------- */

/* The part of the loss beside cross entropy, of one image: z are the logits of the image, a those of its twin. Adds its gradients
 * times `scale` to dz and da, and returns the loss times `scale`. */
typedef double pair_loss(const float *z, const float *a, int classes, int label, double beta, double scale,
                         float *dz, float *da);

typedef struct pair_plan {
    bool twin_entropy; /* cross entropy is that of the twin, else of the image */
    pair_loss *beside;
    perturbation how;
} pair_plan;

MUST_CHECK status pair_objective(const robust_setup *s, const pair_plan *plan, objective *out, err *e);

pair_loss trades_loss, mart_loss;

/* KL(softmax(z) || softmax(a)) in double; p and q (classes each) get both softmaxes, logs their log ratios. */
double pair_divergence(const float *z, const float *a, int classes, double *p, double *q, double *logs);

#endif
