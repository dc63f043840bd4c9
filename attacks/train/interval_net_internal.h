/* A net of intervals: the ordinary net that carries lower and upper ends of every value of another one through it, so that training can go
 * through the bounds with the kernels and gradients that nets have. */
#ifndef ATTACKS_TRAIN_INTERVAL_NET_INTERNAL_H
#define ATTACKS_TRAIN_INTERVAL_NET_INTERNAL_H

#include "nets/net.h"

/* A parameter of the other net that this one has, divided by `divisor`, perhaps as its absolute value. */
typedef struct interval_copy {
    size_t from, to, n; /* floats in the blocks of weights */
    float divisor;
    bool absolute;
} interval_copy;

/* Input: H x W x 2C, the C lower ends and then the C upper ones. Output, for each of `pixels`: `divisor` times centre and then radius of the `channels` values
 * there, of all that the last layer of the other net, which must be linear, reads in H,W,C order. */
typedef struct interval_net {
    net *net;
    weights weights;
    interval_copy *copies;
    int n_copies;
    const net_node *last; /* of the other net */
    int pixels, channels;
    float divisor;
} interval_net;

/* n must outlive it. STATUS_USAGE, naming node and layer, for nets with other layers than convolutions, linear, monotone and pooling ones, flatten and
 * sums, that do not end in a linear layer, or have auxiliary heads. */
MUST_CHECK status interval_net_new(const net *n, interval_net *out, err *e);
void interval_net_free(interval_net *i);

/* Takes over the other net's parameters. */
void interval_net_follow(interval_net *i, const weights *w);

/* Adds what `grad`, of the interval net's parameters, means for the other net's. |w| has the slope 0 at 0. */
void interval_net_gradient(const interval_net *i, const weights *w, const float *grad, float *out);

#endif
