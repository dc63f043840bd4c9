/* Cutting nets in two: the part that leads to a node, and the part behind it. Features, transfer, Grad-CAM and feature visualisation are
 * forward passes and input gradients of these parts. */
#ifndef NETS_CUT_H
#define NETS_CUT_H

#include "nets/net.h"

/* The index of the node of this name; STATUS_USAGE with did-you-mean. */
MUST_CHECK status net_node_named(const net *n, const char *name, int *out, err *e);

/* The net that ends at `node`, whose map (of any shape; `classes` is its number of values, in H,W,C order) is its output, and w's
 * parameters of it. weights_out may be NULL. Names of nodes stay. STATUS_USAGE for the input. Auxiliary heads stay behind.
 *
 * Running this part and then the one behind gives the bits of the whole net, unless the cut parts what runs as one: a layer from its
 * batch norm, or a flatten from the linear layer that reads it (its output is in C,H,W order, and sums run in another order). Then
 * values agree to rounding. */
MUST_CHECK status net_upto(const net *n, const weights *w, int node, net **out, weights *weights_out, err *e);

/* The net that begins with the map of `node` as its input. STATUS_USAGE when values pass by this node: name one that is on every
 * way through the net (net_is_waist). */
MUST_CHECK status net_behind(const net *n, const weights *w, int node, net **out, weights *weights_out, err *e);

/* Whether everything that reaches the end goes through this node. */
bool net_is_waist(const net *n, int node);

/* Adds the nodes 1..last of `n` that lead to `last`, with their names, behind node `from` of the builder; returns the index that `last` has there,
 * -1 after a failure. For nets made of old parts and new. */
int net_add_part(net_builder *b, const net *n, int last, int from);

/* Copies parameters by name where `to_net` has one of the same name and shape, in PyTorch's order, so that flattened inputs stay right; returns how many. */
int weights_copy_named(const net *from_net, const weights *from, const net *to_net, weights *to);

#endif
