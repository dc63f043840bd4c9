/* One training under way: what its parts share. Private to nets. */
#ifndef NETS_TRAIN_INTERNAL_H
#define NETS_TRAIN_INTERNAL_H

#include "core/arena.h"
#include "nets/batches_internal.h"

/* Where training stands: with the weights and the state of the optimiser all that it goes on from. Random numbers are named by epoch and
 * step, so they need no state. */
typedef struct train_progress {
    int epoch, index;       /* steps made: `epoch` whole epochs and `index` steps of the next */
    int seen;               /* samples of the running epoch */
    double loss, correct;   /* sums over them */
    int clean_seen;         /* samples also judged as they are, where the objective perturbs them */
    double clean_correct;
    double rate;            /* of the last step */
    plateau plateau;
    int averaged;           /* SWA: weights in the average */
    double best;            /* highest validation accuracy so far, -1 before the first */
    int waited;             /* epochs since then */
    bool stopped;           /* early */
} train_progress;

typedef struct trainer {
    const net *net;
    weights *w;
    const dataset *data;
    const train_options *options;
    objective *goal;
    const run *run;
    train_watch watch;
    batches batches;
    optim optim;
    train_progress at;
    int steps_per_epoch;    /* replays included */
    int replays;            /* steps on each batch, >= 1 */
    uint64_t to_see;        /* samples, over all epochs */
    char begun_with[SHA256_HEX]; /* hash of the weights at the beginning, where checkpoints are kept */
    arena memory;           /* of the arrays below */
    float *grad;            /* n_trainable */
    double *partials;       /* range_chunks */
    float *before;          /* SAM: weights to come back to, n_trainable; else NULL */
    float *goal_state;      /* SAM: the objective's state, likewise */
    float *slow;            /* lookahead: slow weights, n_trainable; else NULL */
    weights average;        /* EMA or SWA; else zeros */
    weights best;           /* with patience: the weights judged best; else zeros */
} trainer;

/* All is zeroed that trainer_end frees, also after a failure. */
MUST_CHECK status trainer_begin(trainer *t, const net *n, weights *w, const dataset *d, const train_options *o,
                                objective *goal, const run *r, err *e);
void trainer_end(trainer *t);

long trainer_step(const trainer *t);  /* steps made over all epochs */
long trainer_steps(const trainer *t); /* to be made */

/* --- train_step.c --- */

/* One step at this learning rate and momentum, on batch at.index of the shuffled epoch at.epoch; moves t->at on. STATUS_NOT_EVALUABLE
 * where the loss, or a gradient norm that is needed, is not finite: then the weights are as before. */
MUST_CHECK status train_step(trainer *t, double rate, double momentum, err *e);

/* --- train_average.c --- */

void average_step(trainer *t);  /* EMA, after each step */
void average_epoch(trainer *t); /* SWA, at the end of each epoch; a second call in an epoch does nothing */

/* Replaces batch norm's statistics in the average of SWA by those of the training data. */
MUST_CHECK status average_statistics(trainer *t, err *e);

/* --- train_judge.c --- */

/* Mean cross entropy and accuracy of the weights on the validation data. */
MUST_CHECK status judge_weights(const trainer *t, const weights *w, train_epoch *out, err *e);

/* Keeps the weights if they are the best so far; stops after `patience` epochs without better ones. */
void judge_patience(trainer *t, const weights *w, double accuracy);

/* --- checkpoint.c --- */

/* Writes options->checkpoint, whole or not at all. */
MUST_CHECK status checkpoint_write(const trainer *t, err *e);

/* Takes a trainer that has begun to where options->resume was written. STATUS_BAD_FILE unless the file is a whole checkpoint of the same
 * options, data, net, objective, seed and kernel; the message names what differs. The weights are changed on success only. */
MUST_CHECK status checkpoint_read(trainer *t, err *e);

#endif
