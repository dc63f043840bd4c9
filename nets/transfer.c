#include "nets/transfer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nets/net_internal.h"

static const float grey_of_rgb[] = {.299F, .587F, .114F};

static bool has_weights(const net *n, int k) {
    const net_node *node = &n->nodes[k];
    return node->n_params && n->params[node->params[0]].info.kind == PARAM_WEIGHT;
}

/* The last node before k that has weights; 0 when there is none. */
static int layer_before(const net *n, int k) {
    do
        k--;
    while (k > 0 && !has_weights(n, k));
    return k;
}

status transfer_default_cut(const net *base, int *out, err *e) {
    int last = layer_before(base, base->n_nodes), cut = base->nodes[last].inputs[0];
    while (cut > 0 && base->nodes[cut].op->traits & LAYER_TRAINING_ONLY)
        cut = base->nodes[cut].inputs[0];
    *out = cut;
    if (last == 0 || layer_before(base, last) == 0)
        return err_set(e, STATUS_UNSUPPORTED,
                       "%s has one layer with weights at most: nothing is left to transfer", base->arch);
    if (net_is_waist(base, cut)) return STATUS_OK;
    return err_set(e, STATUS_UNSUPPORTED,
                   "values pass by '%s', where %s would be cut: name a node that is on every way through it",
                   base->nodes[cut].name, base->arch);
}

/* Adds a node under this name, or with a number behind it where the base has such a node. */
static int add(net_builder *b, const net *base, const char *name, const char *op, const layer_config *c,
               int from) {
    char text[NET_MOST_NAME + 1];
    snprintf(text, sizeof text, "%s", name);
    for (int k = 2; net_find(base, text) >= 0; k++)
        snprintf(text, sizeof text, "%s%d", name, k);
    return net_add(b, text, op, c, 1, &from);
}

/* Nodes that make the base's input of an image; returns the last one. */
static int add_adapter(net_builder *b, const net *base, shape image) {
    shape wanted = base->input;
    int at = 0;
    if (image.c == 3 && wanted.c == 1)
        at = add(b, base, "grey", "conv2d", &(layer_config){.out = 1, .kernel = {1, 1}}, at);
    if (image.h != wanted.h || image.w != wanted.w)
        at = add(b, base, "resize", "resize", &(layer_config){.size = {wanted.h, wanted.w}}, at);
    if (image.c == 1 && wanted.c == 3)
        at = add(b, base, "colours", "channels", &(layer_config){.n_map = 3}, at);
    return at;
}

static status check_channels(const net *base, shape image, err *e) {
    int from = image.c, to = base->input.c;
    if (from == to || (from == 1 && to == 3) || (from == 3 && to == 1)) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s takes images of %d channels and these have %d", base->arch, to, from);
}

/* The weights of the adapter, which no base has and no training moves. */
static void set_adapter(const net *n, int ends, weights *w) {
    for (int k = 1; k < ends; k++)
        if (has_weights(n, k))
            for (int c = 0; c < 3; c++)
                w->data[n->params[n->nodes[k].params[0]].offset + (size_t)c] = grey_of_rgb[c];
    w->version++;
}

static int add_head(net_builder *b, const transfer_plan *p, int trunk, transferred *out) {
    shape map = p->base->nodes[p->cut].out;
    out->features = map.h * map.w > 1 ? add(b, p->base, "pool", "global_avg_pool", NULL, trunk) : trunk;
    int at = out->features;
    if (p->dropout > 0)
        at = add(b, p->base, "head_dropout", "dropout", &(layer_config){.rate = (float)p->dropout}, at);
    return add(b, p->base, "head", "linear", &(layer_config){.out = p->classes, .bias = true}, at);
}

static void fresh_weights(transferred *t, uint64_t seed) {
    weights_init(t->net, &t->weights, seed);
    set_adapter(t->net, t->trunk_begins, &t->weights);
}

void transfer_forget(transferred *t, float mean, float std, uint64_t seed) {
    net_node *first = &t->net->nodes[t->trunk_begins];
    fresh_weights(t, seed);
    if (strcmp(layer_name(first->op), "normalise") != 0) return;
    for (int c = 0; c < first->out.c; c++) {
        first->config.mean[c] = mean;
        first->config.std[c] = std;
    }
}

status transfer_build(const transfer_plan *p, uint64_t seed, transferred *out, err *e) {
    *out = (transferred){0};
    status s = check_channels(p->base, p->input, e);
    if (s != STATUS_OK) return s;
    if (p->cut < 1)
        return err_set(e, STATUS_USAGE, "%s cannot be cut at its input: nothing of it would be left",
                       p->base->arch);
    if (!net_is_waist(p->base, p->cut))
        return err_set(
            e, STATUS_USAGE,
            "%s cannot be cut at '%s': values pass by it; name a node that is on every way through the net",
            p->base->arch, p->base->nodes[p->cut].name);
    net_builder *b = net_begin(p->base->arch, p->input);
    int adapter = add_adapter(b, p->base, p->input);
    int trunk = net_add_part(b, p->base, p->cut, adapter);
    out->trunk_begins = adapter + 1;
    out->trunk_ends = trunk + 1;
    add_head(b, p, trunk, out);
    s = net_finish(b, &out->net, e);
    if (s == STATUS_OK) s = weights_new(out->net, &out->weights, e);
    if (s != STATUS_OK) {
        transferred_free(out);
        return s;
    }
    fresh_weights(out, seed);
    weights_copy_named(p->base, p->base_weights, out->net, &out->weights);
    return STATUS_OK;
}

void transferred_free(transferred *t) {
    weights_free(&t->weights);
    net_free(t->net);
    *t = (transferred){0};
}

status transfer_adapt(const net *base, const weights *w, shape input, net **out, weights *weights_out,
                      err *e) {
    *out = NULL;
    *weights_out = (weights){0};
    status s = check_channels(base, input, e);
    if (s != STATUS_OK) return s;
    net_builder *b = net_begin(base->arch, input);
    int adapter = add_adapter(b, base, input);
    net_add_part(b, base, base->n_nodes - 1, adapter);
    s = net_finish(b, out, e);
    if (s == STATUS_OK) s = weights_new(*out, weights_out, e);
    if (s != STATUS_OK) {
        net_free(*out);
        *out = NULL;
        return s;
    }
    set_adapter(*out, adapter + 1, weights_out);
    weights_copy_named(base, w, *out, weights_out);
    return STATUS_OK;
}

int transfer_layers(const transferred *t) {
    int layers = 0;
    for (int k = t->trunk_begins; k < t->trunk_ends; k++)
        layers += has_weights(t->net, k);
    return layers;
}

void transfer_rates(const transferred *t, int frozen, double trunk_rate, double depth_decay, double head_rate,
                    float *rates) {
    int layers = transfer_layers(t), depth = 0; /* layer that node k belongs to, counted from 1 */
    for (int k = 1; k < t->net->n_nodes; k++) {
        bool trunk = k >= t->trunk_begins && k < t->trunk_ends;
        depth += trunk && has_weights(t->net, k);
        double rate = k < t->trunk_begins ? 0 : head_rate;
        if (trunk) rate = depth <= frozen ? 0 : trunk_rate * pow(depth_decay, layers - depth);
        for (int i = 0; i < t->net->nodes[k].n_params; i++)
            rates[t->net->nodes[k].params[i]] = (float)rate;
    }
}
