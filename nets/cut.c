#include "nets/cut.h"

#include <string.h>

#include "core/suggest.h"
#include "nets/model_file_internal.h"
#include "nets/net_internal.h"

status net_node_named(const net *n, const char *name, int *out, err *e) {
    *out = net_find(n, name);
    if (*out >= 0) return STATUS_OK;
    suggestion near = suggest_for(name);
    for (int k = 0; k < n->n_nodes; k++)
        suggest_offer(&near, n->nodes[k].name);
    return err_set(e, STATUS_USAGE, "the net %s has no node \"%.64s\"%s", n->arch, name, suggest_text(&near));
}

/* Marks the nodes that lead to `last` on ways that do not go on behind `stop`, which is marked if reached. */
static void mark_leading(const net *n, int stop, int last, bool leads[NET_MOST_NODES]) {
    memset(leads, 0, (size_t)n->n_nodes * sizeof *leads);
    leads[last] = true;
    for (int k = last; k > 0; k--)
        for (int i = 0; leads[k] && k != stop && i < n->nodes[k].n_inputs; i++)
            leads[n->nodes[k].inputs[i]] = true;
}

bool net_is_waist(const net *n, int node) {
    bool leads[NET_MOST_NODES];
    mark_leading(n, node, n->n_nodes - 1, leads);
    return node == 0 || (leads[node] && !leads[0]);
}

/* Adds what leads from `first` to `last` behind node `from` of the builder; nothing may pass by `first`. */
static int add_between(net_builder *b, const net *n, int first, int last, int from) {
    bool leads[NET_MOST_NODES];
    int there[NET_MOST_NODES]; /* where the builder has each node */
    mark_leading(n, first, last, leads);
    there[first] = from;
    for (int k = first + 1; k <= last; k++) {
        const net_node *node = &n->nodes[k];
        if (!leads[k]) continue;
        int inputs[LAYER_MOST_INPUTS];
        for (int i = 0; i < node->n_inputs; i++)
            inputs[i] = there[node->inputs[i]];
        there[k] = net_add(b, node->name, layer_name(node->op), &node->config, node->n_inputs, inputs);
    }
    return there[last];
}

int net_add_part(net_builder *b, const net *n, int last, int from) {
    return add_between(b, n, 0, last, from);
}

/* Makes the net from `first` to `last`, and its weights. */
static status cut(const net *n, const weights *w, int first, int last, net **out, weights *weights_out,
                  err *e) {
    net_builder *b = net_begin(n->arch, n->nodes[first].out);
    add_between(b, n, first, last, 0);
    status s = net_finish_map(b, out, e);
    if (s != STATUS_OK || !weights_out) return s;
    s = weights_new(*out, weights_out, e);
    if (s == STATUS_OK) {
        weights_copy_named(n, w, *out, weights_out);
    } else {
        net_free(*out);
        *out = NULL;
    }
    return s;
}

status net_upto(const net *n, const weights *w, int node, net **out, weights *weights_out, err *e) {
    *out = NULL;
    if (weights_out) *weights_out = (weights){0};
    if (node < 1) return err_set(e, STATUS_USAGE, "nothing leads to the input of the net: name a later node");
    return cut(n, w, 0, node, out, weights_out, e);
}

status net_behind(const net *n, const weights *w, int node, net **out, weights *weights_out, err *e) {
    *out = NULL;
    if (weights_out) *weights_out = (weights){0};
    if (node == n->n_nodes - 1)
        return err_set(e, STATUS_USAGE, "nothing is behind the last node '%s'", n->nodes[node].name);
    if (!net_is_waist(n, node))
        return err_set(e, STATUS_USAGE,
                       "values pass by the node '%s': name one that is on every way through the net",
                       n->nodes[node].name);
    return cut(n, w, node, n->n_nodes - 1, out, weights_out, e);
}

static bool same_dims(const net_param *a, const net_param *b) {
    bool same = a->info.rank == b->info.rank;
    for (int d = 0; same && d < a->info.rank; d++)
        same = a->info.dims[d] == b->info.dims[d];
    return same;
}

int weights_copy_named(const net *from_net, const weights *from, const net *to_net, weights *to) {
    int copied = 0;
    for (int p = 0; p < to_net->n_params; p++)
        for (int q = 0; q < from_net->n_params; q++) {
            const net_param *target = &to_net->params[p], *source = &from_net->params[q];
            if (strcmp(target->name, source->name) || !same_dims(target, source)) continue;
            param_copy(from_net, source, from->data + source->offset, to_net, target,
                       to->data + target->offset);
            copied++;
        }
    to->version++;
    return copied;
}
