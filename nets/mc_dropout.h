/* Monte-Carlo dropout (Gal and Ghahramani 2016): dropout stays on when a net answers, and the spread of its answers tells what it does not know. */
#ifndef NETS_MC_DROPOUT_H
#define NETS_MC_DROPOUT_H

#include "datasets/dataset.h"
#include "nets/net.h"

enum { MC_DROPOUT_MOST_PASSES = 10000 };

/* What an image's passes say together. Room for d->n x classes logits, and d->n of the others; in nats. */
typedef struct mc_answers {
    float *logits;      /* logarithms of the mean of the softmaxes */
    float *entropy;     /* predictive: of that mean */
    float *information; /* mutual, between answer and weights: entropy minus the mean of the passes' entropies; 0 where all agree */
} mc_answers;

/* Answers every image `passes` times in training mode, but with batch norm in evaluation mode. The masks come from the streams (seed, "dropout",
 * node, row id, pass): but for rounding, an image's answers depend on nothing else. *w is left as it is. STATUS_USAGE when n has no dropout (of any kind)
 * that drops something, when images or classes do not fit, or passes are not 1..MC_DROPOUT_MOST_PASSES. */
MUST_CHECK status mc_dropout(const net *n, weights *w, const dataset *d, int passes, const run *r, const char *stage,
                             const mc_answers *out, err *e);

#endif
