/* Robust training: objectives (nets/train.h) that train a net on images changed against it. All are for the Linf norm in units of the
 * [0,1] input, but for noise. The attacks of a batch run on the net in evaluation mode, against the weights as they are; streams of random numbers
 * are named by row id, epoch and step, so the trained weights depend on no number of threads. */
#ifndef ATTACKS_ROBUST_H
#define ATTACKS_ROBUST_H

#include "nets/train.h"

/* Zeros (warmup: a negative) ask for what the method has. A method whose default is 0 (warmup: negative) has no use for the option. */
typedef struct robust_options {
    double eps;       /* radius of the ball */
    int steps;        /* of the attack on each batch */
    double step_size; /* of one, share of eps */
    double warmup;    /* share of the training over which eps rises in a line from 0 */
    int replays;      /* steps made on each batch */
    double beta;      /* what the distance between both answers counts beside the loss */
    double sigma;     /* standard deviation of noise */
    double kappa;     /* share of the unchanged image's loss after the warm-up */
} robust_options;

typedef struct robust_setup robust_setup;

typedef struct robust_method {
    const char *name, *title;
    const char *measures; /* what the training accuracy of changed images is called: "attacked" */
    const char *certificate; /* of attacks/certificates.def, for nets trained to be certified; else NULL */
    double rate; /* a peak learning rate of AdamW to begin with */
    init_kind init; /* weights to begin with */
    robust_options defaults; /* eps: any above 0 stands for that of the images, see robust_fill */
    status (*make)(const robust_setup *s, objective *out, err *e);
} robust_method;

const robust_method *robust_at(int i); /* in the order of robust.def; NULL past the end */
const robust_method *robust_find(const char *name);

/* STATUS_USAGE, naming the option as on the command line, for one that the method does not have, or out of its range: eps and warmup up to 1,
 * steps up to 1000, step size up to 10, replays up to 100, beta and sigma up to 1000,
 * kappa up to 1. */
MUST_CHECK status robust_check(const robust_method *m, const robust_options *asked, err *e);

/* With the defaults filled in: eps .1 for grey images and 8/255 for others. */
robust_options robust_fill(const robust_method *m, robust_options asked, shape image);

/* The objective of a method for batches of at most `most` samples, free it as others; options as robust_fill gives them. n, w, *r's
 * callbacks must outlive it. With the options of training (mixtures excepted) it has the loss of nets/loss_batch.h; trades and mart take
 * neither auxiliary heads (STATUS_USAGE) nor group DRO (likewise, at the first batch).
 *
 * fast and free watch for catastrophic overfitting (Wong et al. 2020, section 5.4; an epoch after which the net resists nothing but their own
 * single step): after every epoch PGD of 5 steps attacks 128 fixed training images at the full eps; when the accuracy falls more than .2 below the best
 * so far, training ends with the best weights, and r's log says so. */
MUST_CHECK status objective_robust(const robust_method *m, const robust_options *o, const net *n, const weights *w,
                                   int most, const run *r, objective *out, err *e);

#endif
