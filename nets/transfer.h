/* Transfer: a new net made of the front of an old one and a head for other classes, and what of it may still move. */
#ifndef NETS_TRANSFER_H
#define NETS_TRANSFER_H

#include "nets/cut.h"

/* What an old net is made into. */
typedef struct transfer_plan {
    const net *base;
    const weights *base_weights;
    int cut; /* the last node of the base that is kept: one that all values go through */
    shape
        input; /* of the new images: [0, 1] pixels as the base takes them, in another size or with another number of channels */
    int classes;    /* of the new task */
    double dropout; /* before the new layer; 0: none */
} transfer_plan;

/* The new net: [adapter] - trunk - [global average] - [dropout] - linear. The adapter brings images to the base's input: grey from RGB
 * by a 1x1 convolution with the weights of ITU-R BT.601, RGB from grey by repetition, other sizes by the layer "resize". */
typedef struct transferred {
    net *net;
    weights weights; /* the trunk's from the base; the head's as weights_init gives them for the seed */
    int features;    /* the node that the head reads: 1 x 1 x features */
    int trunk_begins, trunk_ends; /* its nodes: [trunk_begins, trunk_ends) */
} transferred;

/* The node before the last layer with weights, dropout left out: where a net is cut unless one says otherwise. STATUS_UNSUPPORTED when that
 * layer is the only one, or values pass by it. */
MUST_CHECK status transfer_default_cut(const net *base, int *out, err *e);

/* STATUS_USAGE when values pass by the cut, or channels cannot be adapted. */
MUST_CHECK status transfer_build(const transfer_plan *p, uint64_t seed, transferred *out, err *e);
void transferred_free(transferred *t);

/* The whole base, head included, behind an adapter for images of this shape: what it says about the new images. */
MUST_CHECK status transfer_adapt(const net *base, const weights *w, shape input, net **out,
                                 weights *weights_out, err *e);

/* Fresh weights for all but the adapter's, as if there were no base. A normalise layer that the trunk begins with gets this mean and deviation
 * (above 0) in all channels: the scale of inputs that trained weights want is none that fresh ones can be trained at. */
void transfer_forget(transferred *t, float mean, float std, uint64_t seed);

/* Layers with weights in the trunk: what `frozen` of transfer_rates counts. */
int transfer_layers(const transferred *t);

/* Factors on the learning rate for train_options.rates, one per parameter of the net: 0 for the adapter and for the first `frozen` layers of the
 * trunk with all that stands before the next, trunk_rate * depth_decay^(layers between it and the head) for the other trunk
 * layers (Howard and Ruder 2018, discriminative fine-tuning), head_rate for the head. */
void transfer_rates(const transferred *t, int frozen, double trunk_rate, double depth_decay, double head_rate, float *rates);

#endif
