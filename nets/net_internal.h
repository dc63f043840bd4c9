#ifndef NETS_NET_INTERNAL_H
#define NETS_NET_INTERNAL_H

#include "nets/layer_internal.h"
#include "nets/net.h"

/* Names of nodes and architectures: 1..NET_MOST_NAME of [A-Za-z0-9_./-]. */
bool net_name_is_fine(const char *name);

/* Index of the node of this name; -1 when there is none. */
int net_find(const net *n, const char *name);

/* --- net_ends.c */
bool net_is_aux(const net *n, int node);
/* Checks the logits and the auxiliary heads, and that every node leads to one of them; sets `classes` and `aux_only`. */
MUST_CHECK status net_check_ends(net *n, bool map, err *e);

/* For readers of graphs: the nodes added so far, whether an add failed, and giving up. */
const net *net_being_built(const net_builder *b);
bool net_failed(const net_builder *b);
void net_discard(net_builder *b);

/* Node k (not the input) as its layer sees it. */
layer_view net_view(const net *n, int k, kernel_choice kernel);

#endif
