/* Features: what a net gives at a node, computed once per image, and a linear layer trained on them. With a frozen trunk that is training the
 * whole net, at a thousandth of the cost. */
#ifndef NETS_FEATURES_H
#define NETS_FEATURES_H

#include "nets/train.h"

/* The features of every image of d at `node` (1 x 1 x C) as a data set of "images" of that shape, whose values are any finite numbers. It is for
 * training and prediction alone: it has no group columns, and its hash is empty. With an augmentation the rows of d come `copies`
 * times, copy k augmented as in epoch k; labels that an augmentation changes are the changed ones. STATUS_NOT_EVALUABLE when a feature is not finite. */
MUST_CHECK status features_make(const net *n, const weights *w, int node, const dataset *d,
                                const augmentation *a, int copies, const run *r, dataset *out, err *e);

/* Trains what stands behind `node`, a linear layer with bias and perhaps a dropout before it, on features of that node, which it centres and scales over
 * their rows (so that one learning rate fits every trunk); the scales are then taken into the weights, and these put into w. r->seed
 * draws the first weights and the order. */
MUST_CHECK status features_train_head(const net *n, weights *w, int node, const dataset *features,
                                      const train_options *o, const run *r, const train_watch *watch, err *e);

#endif
