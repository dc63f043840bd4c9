/* What is explained, and which of its maps. */
#include <string.h>

#include "audit/explain/explain.h"
#include "nets/cut.h"

static status open_parts(subject *s, const net *n, const weights *w, int node, err *e) {
    status ok = net_upto(n, w, node, &s->trunk_net, &s->trunk_weights, e);
    if (ok == STATUS_OK) ok = net_behind(n, w, node, &s->head_net, &s->head_weights, e);
    if (ok == STATUS_OK) ok = model_of_net(s->trunk_net, &s->trunk_weights, true, &s->run, &s->trunk, e);
    if (ok == STATUS_OK) ok = model_of_net(s->head_net, &s->head_weights, true, &s->run, &s->head, e);
    return ok;
}

status subject_open(const net *n, const weights *w, int node, const explain_options *o, const run *r,
                    subject *out, err *e) {
    *out = (subject){.run = *r, .options = *o};
    status s = model_of_net(n, w, true, r, &out->whole, e);
    if (s == STATUS_OK && node >= 0) s = open_parts(out, n, w, node, e);
    if (s != STATUS_OK) subject_close(out);
    return s;
}

void subject_close(subject *s) {
    model_free(s->whole);
    model_free(s->trunk);
    model_free(s->head);
    weights_free(&s->trunk_weights);
    weights_free(&s->head_weights);
    net_free(s->trunk_net);
    net_free(s->head_net);
    *s = (subject){0};
}

static bool is_conv(const net *n, int k) {
    return k > 0 && strcmp(layer_name(n->nodes[k].op), "conv2d") == 0;
}

static bool is_map_like(const net *n, int k, shape as) {
    shape s = n->nodes[k].out;
    return s.h == as.h && s.w == as.w && s.h * s.w > 1 && net_is_waist(n, k);
}

int explain_last_map(const net *n) {
    int conv = n->n_nodes - 1;
    while (conv > 0 && !is_conv(n, conv))
        conv--;
    for (int k = n->n_nodes - 2; conv > 0 && k > 0; k--)
        if (is_map_like(n, k, n->nodes[conv].out)) return k;
    return -1;
}

int explain_first_map(const net *n) {
    int conv = 1, last = -1;
    while (conv < n->n_nodes && !is_conv(n, conv))
        conv++;
    for (int k = conv; k < n->n_nodes && (k == conv || !is_conv(n, k)); k++)
        if (is_map_like(n, k, n->nodes[conv].out)) last = k;
    return last;
}
