/* Options of training, shared by the commands that train nets. */
#ifndef AUDIT_TRAINING_H
#define AUDIT_TRAINING_H

#include "attacks/robust.h"
#include "audit/options.h"
#include "nets/train.h"

typedef struct training_settings {
    const char *recipe; /* file that the others were taken from, or NULL */
    /* Net. */
    const char *arch;
    bool normalize, zero_gamma;
    int norm, init;
    const char *activation;                     /* NULL: the architecture's own */
    double dropout, spatial_dropout, drop_path; /* dropout -1: the architecture's own */
    /* Batches. */
    const char *augment;
    double mixup, cutmix;
    bool balanced_sampler;
    /* Loss. */
    double label_smoothing, focal, aux_weight, group_dro;
    int class_weights;
    const char *group_column;
    /* Robust training. */
    int robust; /* 0: none, else 1 + the index of robust_at */
    double robust_eps, robust_step_size, robust_beta, robust_sigma, robust_kappa; /* 0: the method's own */
    double robust_warmup;                                           /* -1: the method's own */
    int64_t robust_steps, robust_replays;                           /* 0: the method's own */
    /* Optimiser. */
    int optimizer;
    double lr, momentum, weight_decay; /* lr 0, momentum -1: the method's own */
    double clip, sam, lookahead_share;
    int64_t lookahead;
    /* Schedule. */
    int schedule;
    double gamma, power;       /* 0: the method's own */
    int64_t every, multiplier; /* 0: the method's own */
    int64_t warmup, plateau_patience;
    number_list milestones;
    /* Averages. */
    double ema, swa;
    /* Stopping. */
    int64_t epochs, patience;
    double validation; /* share held out from the training data */
    bool validated;    /* no option: validation images come from elsewhere */
} training_settings;

/* The tables of what makes a recipe, one a heading; `t` may be NULL where only names matter. Returns their number. */
enum { TRAINING_SETS = 8 };
int training_option_sets(training_settings *t, option_set sets[TRAINING_SETS]);

/* The table with --recipe, which comes before them. */
option_set recipe_set(training_settings *t);

const char *training_arch(const training_settings *t);

/* A net for data with fresh weights, and the options to train it. */
typedef struct training {
    net *net;
    weights weights;
    augmentation augment;
    train_options options;
    init_kind init;
    double validation; /* share to be held out from the training data; 0: options.validation, if any */
    const robust_method *robust;   /* or NULL */
    robust_options robust_options; /* filled in */
} training;

/* Plans the training of a net on data such as d: the architecture, input normalisation with d's moments, options checked. The
 * options point into *out, which must not move. */
MUST_CHECK status training_plan(const training_settings *t, const dataset *d, int batch_size, training *out,
                                err *e);

/* The options alone, for nets that come from elsewhere. */
MUST_CHECK status training_plan_options(const training_settings *t, const dataset *d, int batch_size,
                                        training *out, err *e);

/* Gives the net fresh weights of this seed and trains them on d, less what is held out; `watch` (may be NULL) as in train(). */
MUST_CHECK status training_run(training *t, const dataset *d, uint64_t seed, const run *r,
                               const train_watch *watch, err *e);

/* The same from the weights that it has, with r's seed. */
MUST_CHECK status training_go_on(training *t, const dataset *d, const run *r, const train_watch *watch,
                                 err *e);

/* What it minimises, for batches of its size: plain, or the robust objective that was asked for. */
MUST_CHECK status training_objective(const training *t, const run *r, objective *out, err *e);

/* The method of robust training that was asked for, or NULL. */
const robust_method *training_robust(const training_settings *t);

void training_free(training *t);

/* The recipe of a model file: every option of training by its name, seed and batch, which --recipe takes back; and the data, without
 * what belongs to a machine. NULL when memory is out. */
json *training_recipe(const training *t, const training_settings *s, const dataset *d, uint64_t seed);

#endif
