/* The learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks"): train for some steps while the rate grows
 * exponentially, and look at the loss. */
#ifndef NETS_LR_FIND_H
#define NETS_LR_FIND_H

#include "nets/train.h"

enum { LR_FIND_MOST_STEPS = 10000 };

typedef struct lr_point {
    double rate, loss, smoothed; /* loss: mean of the batch; smoothed: over its neighbours too, see lr_smooth */
} lr_point;

typedef struct lr_curve {
    int n;
    lr_point *points;  /* owned */
    bool diverged;     /* ended before the last step: the loss was not finite, or its running mean 4 times the lowest */
    double suggestion; /* see lr_suggest */
} lr_curve;

/* Runs `steps` steps on a copy of w, the rate growing from `lowest` to `highest`: weights and the objective's state are as before. Everything
 * that makes batches, losses and steps comes from the options; what they say of schedules, epochs, averages, validation and checkpoints is
 * not looked at. STATUS_USAGE unless 0 < lowest < highest and steps is 10..LR_FIND_MOST_STEPS; otherwise errors as in train(). */
MUST_CHECK status lr_find(const net *n, const weights *w, const dataset *d, const train_options *o, objective *goal,
                          double lowest, double highest, int steps, const run *r, lr_curve *out, err *e);

void lr_curve_free(lr_curve *c);

/* Fills `smoothed` of n points: means of the losses with the weights of a Gaussian in the steps between them, whose deviation is a 40th of n.
 * A running mean, as usual elsewhere, would show every fall of the loss late, at too high a rate. */
void lr_smooth(lr_point *points, int n);

/* The rate at which the smoothed loss falls most steeply per decade, before its lowest value; NAN where it falls nowhere. */
double lr_suggest(const lr_point *points, int n);

#endif
