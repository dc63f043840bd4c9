/* Affine layers act on centre and radius, c' = W c + b and r' = |W| r (Gowal et al. 2018, equation 6); monotone ones on both ends. Values change between the
 * two forms where a layer needs the other: c = (hi + lo) / 2, r = (hi - lo) / 2; the halves are left to the weights of the layer that reads them. */
#include "attacks/train/interval_net_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a layer does with intervals. */
typedef enum way { WAY_AFFINE, WAY_ENDS, WAY_MOVE } way;

static const struct layer_way {
    const char *layer;
    way way;
} ways[] = {{"conv2d", WAY_AFFINE},
            {"linear", WAY_AFFINE},
            {"flatten", WAY_MOVE},
            {"normalise", WAY_ENDS},
            {"relu", WAY_ENDS},
            {"relu6", WAY_ENDS},
            {"leaky_relu", WAY_ENDS},
            {"sigmoid", WAY_ENDS},
            {"tanh", WAY_ENDS},
            {"max_pool2d", WAY_ENDS},
            {"global_max_pool", WAY_ENDS},
            {"avg_pool2d", WAY_ENDS},
            {"global_avg_pool", WAY_ENDS},
            {"add", WAY_ENDS}};

/* A node of the other net as nodes of this one, in the forms that it has been needed in; -1 = not yet. */
typedef struct interval_node {
    int lo, hi, centre, radius;
    float divisor; /* centre and radius are so many times too large */
} interval_node;

/* `affine` nodes that multiply by a constant. */
typedef struct constant {
    int node;
    float factor;
} constant;

typedef struct making {
    const net *from;
    net_builder *b;
    interval_node *nodes;
    constant *constants;
    int n_constants;
    struct made_affine {
        int source, centre, radius;
        float divisor;
    } * affine;
    int n_affine;
    int serial; /* for names */
} making;

static int add_node(making *m, const char *op, const layer_config *c, int n, const int *inputs) {
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "i%d.%.40s", m->serial++, op);
    return net_add(m->b, name, op, c, n, inputs);
}

static int times(making *m, int node, float factor) {
    int at = add_node(m, "affine", NULL, 1, &node);
    m->constants[m->n_constants++] = (constant){at, factor};
    return at;
}

static int sum(making *m, int a, int b) {
    return add_node(m, "add", NULL, 2, (int[]){a, b});
}

static void need_centre(making *m, interval_node *k) {
    if (k->centre >= 0) return;
    k->centre = sum(m, k->hi, k->lo);
    k->radius = sum(m, k->hi, times(m, k->lo, -1));
    k->divisor = 2;
}

static void need_ends(making *m, interval_node *k) {
    if (k->lo >= 0) return;
    int centre = k->divisor == 1 ? k->centre : times(m, k->centre, 1 / k->divisor);
    int radius = k->divisor == 1 ? k->radius : times(m, k->radius, 1 / k->divisor);
    k->hi = sum(m, centre, radius);
    k->lo = sum(m, centre, times(m, radius, -1));
}

static void add_affine(making *m, int k) {
    const net_node *node = &m->from->nodes[k];
    interval_node *in = &m->nodes[node->inputs[0]];
    layer_config unbiased = node->config;
    unbiased.bias = false;
    need_centre(m, in);
    int centre = add_node(m, layer_name(node->op), &node->config, 1, &in->centre);
    int radius = add_node(m, layer_name(node->op), &unbiased, 1, &in->radius);
    m->nodes[k] = (interval_node){-1, -1, centre, radius, 1};
    m->affine[m->n_affine++] = (struct made_affine){k, centre, radius, in->divisor};
}

static void add_move(making *m, int k) {
    const net_node *node = &m->from->nodes[k];
    interval_node *in = &m->nodes[node->inputs[0]];
    need_centre(m, in);
    int centre = add_node(m, layer_name(node->op), &node->config, 1, &in->centre);
    int radius = add_node(m, layer_name(node->op), &node->config, 1, &in->radius);
    m->nodes[k] = (interval_node){-1, -1, centre, radius, in->divisor};
}

/* Sums are those of the ends, and a monotone layer has one input. */
static void add_by_ends(making *m, int k) {
    const net_node *node = &m->from->nodes[k];
    int lo[LAYER_MOST_INPUTS], hi[LAYER_MOST_INPUTS];
    for (int i = 0; i < node->n_inputs; i++) {
        interval_node *in = &m->nodes[node->inputs[i]];
        need_ends(m, in);
        lo[i] = in->lo;
        hi[i] = in->hi;
    }
    int low = add_node(m, layer_name(node->op), &node->config, node->n_inputs, lo);
    int high = add_node(m, layer_name(node->op), &node->config, node->n_inputs, hi);
    m->nodes[k] = (interval_node){low, high, -1, -1, 1};
}

static const struct layer_way *way_of(const net_node *node) {
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].layer, layer_name(node->op)) == 0 && !(node->config.rate < 0)) return &ways[i];
    return NULL;
}

/* The node whose values a linear layer reads, in H,W,C order: what flatten makes of a map are its values. */
static int read_by(const net *n, const net_node *linear) {
    int from = linear->inputs[0];
    bool flat = from > 0 && strcmp(layer_name(n->nodes[from].op), "flatten") == 0;
    return flat ? n->nodes[from].inputs[0] : from;
}

static status check(const net *n, err *e) {
    const net_node *last = &n->nodes[n->n_nodes - 1];
    for (int k = 1; k < n->n_nodes; k++)
        if (!way_of(&n->nodes[k]))
            return err_set(e, STATUS_USAGE, "--robust ibp: %s is a %s layer, which it cannot train%s",
                           n->nodes[k].name, layer_name(n->nodes[k].op),
                           strstr(layer_name(n->nodes[k].op), "_norm") ? ": try --norm none" : "");
    if (n->n_aux > 0)
        return err_set(e, STATUS_USAGE, "--robust ibp: %s has auxiliary heads, which it does not know",
                       n->arch);
    if (strcmp(layer_name(last->op), "linear") != 0)
        return err_set(e, STATUS_USAGE, "--robust ibp: %s does not end in a linear layer", n->arch);
    return STATUS_OK;
}

static void add_input(making *m) {
    shape in = m->from->input;
    layer_config lower = {.step = {1, 1, 1}, .count = {in.h, in.w, in.c}}, upper = lower;
    upper.start[2] = in.c;
    m->nodes[0] = (interval_node){.centre = -1, .radius = -1, .divisor = 1};
    m->nodes[0].lo = add_node(m, "slice", &lower, 1, (int[]){0});
    m->nodes[0].hi = add_node(m, "slice", &upper, 1, (int[]){0});
}

static status build(making *m, interval_net *out, err *e) {
    const net *n = m->from;
    m->b = net_begin("intervals", (shape){n->input.h, n->input.w, 2 * n->input.c});
    add_input(m);
    int read = read_by(n, out->last);
    for (int k = 1; k <= read; k++) {
        way w = way_of(&n->nodes[k])->way;
        (w == WAY_AFFINE ? add_affine : w == WAY_MOVE ? add_move : add_by_ends)(m, k);
    }
    interval_node *features = &m->nodes[read];
    need_centre(m, features);
    out->divisor = features->divisor;
    out->channels = n->nodes[read].out.c;
    out->pixels = n->nodes[read].out.h * n->nodes[read].out.w;
    add_node(m, "concat", NULL, 2, (int[]){features->centre, features->radius});
    return net_finish_map(m->b, &out->net, e);
}

static void list_copy(const net_param *p, int node, int which, float divisor, bool absolute,
                      interval_net *out) {
    const net *to = out->net;
    out->copies[out->n_copies++] = (interval_copy){.from = p->offset,
                                                   .to = to->params[to->nodes[node].params[which]].offset,
                                                   .n = p->size,
                                                   .divisor = divisor,
                                                   .absolute = absolute};
}

/* The weight of an affine layer is there twice, its bias once. */
static void list_copies(const making *m, interval_net *out) {
    for (int i = 0; i < m->n_affine; i++) {
        const struct made_affine *a = &m->affine[i];
        const net_node *source = &m->from->nodes[a->source];
        for (int p = 0; p < source->n_params; p++) {
            const net_param *param = &m->from->params[source->params[p]];
            bool weight = param->info.kind == PARAM_WEIGHT;
            float divisor = weight ? a->divisor : 1;
            list_copy(param, a->centre, p, divisor, false, out);
            if (weight) list_copy(param, a->radius, p, divisor, true, out);
        }
    }
}

static void fill_constants(const making *m, interval_net *out) {
    for (int i = 0; i < m->n_constants; i++) {
        const net_param *scale = &out->net->params[out->net->nodes[m->constants[i].node].params[0]];
        for (size_t k = 0; k < scale->size; k++)
            out->weights.data[scale->offset + k] = m->constants[i].factor;
    }
}

status interval_net_new(const net *n, interval_net *out, err *e) {
    *out = (interval_net){.last = &n->nodes[n->n_nodes - 1]};
    status s = check(n, e);
    if (s != STATUS_OK) return s;
    size_t nodes = (size_t)n->n_nodes;
    making m = {.from = n,
                .nodes = calloc(nodes, sizeof *m.nodes),
                .constants = calloc(4 * nodes, sizeof *m.constants),
                .affine = calloc(nodes, sizeof *m.affine)};
    out->copies = calloc(4 * nodes, sizeof *out->copies);
    bool ok = m.nodes && m.constants && m.affine && out->copies;
    s = ok ? build(&m, out, e) : err_set(e, STATUS_NO_MEMORY, "--robust ibp: no memory for the bounds");
    if (s == STATUS_OK) s = weights_new(out->net, &out->weights, e);
    if (s == STATUS_OK) {
        list_copies(&m, out);
        fill_constants(&m, out);
    } else {
        interval_net_free(out);
    }
    free(m.nodes);
    free(m.constants);
    free(m.affine);
    return s;
}

void interval_net_free(interval_net *i) {
    weights_free(&i->weights);
    net_free(i->net);
    free(i->copies);
    *i = (interval_net){0};
}

void interval_net_follow(interval_net *i, const weights *w) {
    for (int c = 0; c < i->n_copies; c++) {
        const interval_copy *k = &i->copies[c];
        const float *from = w->data + k->from;
        float *to = i->weights.data + k->to;
        for (size_t j = 0; j < k->n; j++)
            to[j] = (k->absolute ? fabsf(from[j]) : from[j]) / k->divisor;
    }
    i->weights.version++;
}

void interval_net_gradient(const interval_net *i, const weights *w, const float *grad, float *out) {
    for (int c = 0; c < i->n_copies; c++) {
        const interval_copy *k = &i->copies[c];
        const float *value = w->data + k->from;
        for (size_t j = 0; j < k->n; j++) {
            float sign = !k->absolute || value[j] > 0 ? 1 : value[j] < 0 ? -1 : 0;
            out[k->from + j] += sign * grad[k->to + j] / k->divisor;
        }
    }
}
