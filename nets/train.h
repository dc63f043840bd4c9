/* Training: data order, augmentation, batches, an objective, an optimiser, a schedule. */
#ifndef NETS_TRAIN_H
#define NETS_TRAIN_H

#include "datasets/augment.h"
#include "datasets/dataset.h"
#include "nets/optim.h"
#include "nets/schedule.h"
#include "nets/session.h"

/* A batch as objectives see it. */
typedef struct batch {
    int n;
    const float *x;           /* n x input shape, augmented and mixed */
    const float *targets;     /* n x classes, soft */
    const int32_t *labels;    /* n, after augmentation; of a mixture the label with the larger share */
    const float *loss_weights; /* n, usually 1 */
    const int32_t *ids;       /* n original row ids */
    const int32_t *groups;    /* n, 0..n_groups-1, or NULL without a group column; a missing group is the last one */
    int n_groups;             /* at most TRAIN_MOST_GROUPS */
    int epoch, step;          /* step counts over all epochs */
    int steps;                /* that the whole training makes; 0: unknown */
    const struct train_options *options; /* what the loss is: see nets/loss_batch.h. NULL: cross entropy */
    bool update_statistics;   /* batch norm's running statistics follow this batch (not in the second pass of SAM) */
    float *dx;                /* NULL, or where the objective is to write the gradient by x of what it minimises; objective_plain does */
} batch;

enum { TRAIN_MOST_GROUPS = 256 };

typedef struct batch_result {
    double loss;              /* sum of weighted losses over the batch */
    int correct;              /* on the images that the loss is of */
    int clean_n, clean_correct; /* where those are perturbed: of the batch's own images, so many were judged too; else 0 */
} batch_result;

/* What training minimises. Plain cross entropy is objective_plain; adversarial ones live in attacks/train. */
typedef struct objective {
    const char *name;
    void *self;
    /* Gradient of the mean loss over the batch, written to grad (n_trainable floats); may change buffers of w. */
    status (*accumulate)(void *self, const batch *b, weights *w, float *grad, batch_result *result, err *e);
    void (*free)(void *self);
    float *state;   /* n_state floats of `self` that a checkpoint keeps, read and written in place; NULL: none */
    size_t n_state;
    int replays;    /* steps that train() makes on a batch before it takes the next; 0: one */
    /* After each epoch, whole, before its checkpoint; may be NULL. `d` is the training data, `kept` what would be kept if training ended
     * here (the average where there is one). May replace the values of `kept`; *stop, false at the call, ends training with them. */
    status (*end_epoch)(void *self, const dataset *d, int epoch, weights *kept, bool *stop, err *e);
} objective;

/* The loss of clean images, as the batch's options say (nets/loss_batch.h), for batches of at most `most` samples. A step is never left
 * half-way: r's cancel flag is not looked at. Its state: the weights of the groups in group DRO. */
MUST_CHECK status objective_plain(const net *n, const weights *w, int most, const run *r, objective *out, err *e);

typedef enum class_weighting {
    CLASS_WEIGHTS_NONE,
    CLASS_WEIGHTS_BALANCED, /* n / (classes that are there * count of the class): 1 in the mean over the data */
} class_weighting;

typedef struct train_options {
    int epochs, batch;
    optim_kind optim;
    double momentum, weight_decay;
    schedule schedule;
    bool drop_last; /* leave out a last batch smaller than `batch` (default true when n >= batch) */

    /* What a batch is made of. */
    const augmentation *augment;        /* or NULL */
    double mixup_alpha, cutmix_alpha;   /* 0: off; both: each batch takes one of them, by a coin */
    class_weighting class_weights;
    bool balanced_sampler;              /* rows drawn with replacement, every class equally often */

    /* The loss. */
    double label_smoothing;             /* (1-e)*onehot + e/K over all classes */
    double focal_gamma;                 /* Lin et al. 2017; 0: cross entropy */
    double aux_weight;                  /* of the loss of each auxiliary head, .3 */
    double group_dro_rate;              /* Sagawa et al. 2020: q *= exp(rate * loss of the group); 0: off */
    const char *group_column;           /* column of the data's table that names the groups; more than 4 different numbers are cut at their quarters */

    /* The step. */
    double clip_norm;                   /* largest L2 norm of the whole gradient; 0: any */
    double sam_rho;                     /* Foret et al. 2021; 0: off */
    int lookahead_every;                /* Zhang et al. 2019: inner steps; 0: off */
    double lookahead_share;             /* of the way to the fast weights, .5 */
    const float *rates;                 /* per parameter of the net: factor on the learning rate, 0 = frozen; NULL: all 1 */
    bool frozen_norm;                   /* batch norm in evaluation mode throughout */

    /* What is kept. */
    double ema_decay;                   /* exponential moving average of the weights; 0: off */
    double swa_from;                    /* share of the epochs after which weights are averaged; 0: off */
    const dataset *validation;          /* judged after each epoch; NULL: none */
    int patience;                       /* epochs without a better validation accuracy before stopping; the best weights are kept; 0: off */

    /* Coming back. */
    const char *checkpoint;             /* file rewritten after each epoch and every checkpoint_every steps; with {epoch} in its name, one for each; NULL: none */
    int checkpoint_every;
    const char *resume;                 /* a checkpoint to go on from; NULL: from the start */
} train_options;

train_options train_options_default(void); /* 5 epochs, batch 128, Nesterov .9, decay 5e-4, one-cycle with peak .05 */

typedef struct train_epoch {
    int epoch;
    double loss, accuracy;            /* of the training batches as they were seen */
    double rate;                      /* at the last step */
    bool perturbed;                   /* the objective changed the images: `accuracy` is on changed ones, clean_accuracy on the others */
    double clean_accuracy;
    bool validated;
    double validation_loss, validation_accuracy;
} train_epoch;

typedef struct train_step_report {
    int epoch;
    long step;                        /* over all epochs */
    double loss, accuracy, rate;      /* of this batch */
    const float *grad;                /* n_trainable: the gradient as it came from the objective, valid during the call */
} train_step_report;

/* Who looks on. Both may be NULL. */
typedef struct train_watch {
    void *user;
    void (*each_step)(void *user, const train_step_report *t);
    void (*each_epoch)(void *user, const train_epoch *t);
} train_watch;

/* Trains w on all rows of d; `watch` may be NULL. Data order: the stream ("shuffle", epoch). Stops with
 * STATUS_CANCELLED after the running step when cancelled, w then holding the last finished step. A loss, or at the end of an epoch a
 * weight, that is not finite stops with STATUS_NOT_EVALUABLE and says at which epoch and step, and what to try. STATUS_USAGE when
 * net, data and options do not fit. w does not depend on r->threads. */
MUST_CHECK status train(const net *n, weights *w, const dataset *d, const train_options *o, objective *goal, const run *r,
                        const train_watch *watch, err *e);

/* STATUS_USAGE, naming the option, unless every option is in its range; train() asks too. */
MUST_CHECK status train_options_check(const train_options *o, err *e);

/* The options as JSON, under the names of the struct but for "optimizer" (optim); NULL when memory is out. Left out is what belongs to one net, one data set or one machine: rates, validation, checkpoint, checkpoint_every, resume. */
json *train_options_to_json(const train_options *o);

/* Whether a file that can be read says that it is a checkpoint. */
bool checkpoint_is(const char *path);

/* The weights (not the average) that a checkpoint of a training of net n holds. STATUS_BAD_FILE unless the file is whole and of this net. */
MUST_CHECK status checkpoint_weights(const char *path, const net *n, weights *w, err *e);

/* Mean and standard deviation per channel over the data set, for the input normalisation. Bytes are summed exactly, floats in double. The
 * deviation of a constant channel, and of channels that the images do not have, is 1. */
void dataset_channel_moments(const dataset *d, float mean[4], float std[4]);

#endif
