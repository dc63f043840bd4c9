#include "nets/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets/net_internal.h"

/* Bounds on what a graph may ask for: far above any real classifier, far below what overflows. */
enum { MOST_SIDE = 1 << 20, MOST_VALUES = 1 << 28 };

struct net_builder {
    net *net;
    int capacity;
    int64_t values; /* of all nodes */
    status failed;
    err why;
};

bool net_name_is_fine(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
    size_t length = strlen(name);
    return length >= 1 && length <= NET_MOST_NAME && strspn(name, allowed) == length;
}

net_builder *net_begin(const char *arch, shape input) {
    net_builder *b = calloc(1, sizeof *b);
    net *n = calloc(1, sizeof *n);
    if (!b || !n) {
        free(b);
        free(n);
        return NULL;
    }
    b->net = n;
    snprintf(n->arch, sizeof n->arch, "%s", arch);
    n->input = input;
    if (input.h < 1 || input.w < 1 || input.c < 1 || input.h > MOST_SIDE || input.w > MOST_SIDE ||
        input.c > MOST_SIDE || (int64_t)input.h * input.w > MOST_VALUES ||
        (int64_t)input.h * input.w * input.c > MOST_VALUES)
        b->failed = err_set(&b->why, STATUS_BAD_FILE, "an input of %d x %d x %d", input.h, input.w, input.c);
    else if (!net_name_is_fine(arch))
        b->failed = err_set(&b->why, STATUS_BAD_FILE,
                            "the name of the architecture: 1..%d characters A-Za-z0-9_./- are expected",
                            (int)NET_MOST_NAME);
    else
        net_add(b, "input", NULL, NULL, 0, NULL);
    return b;
}

int net_find(const net *n, const char *name) {
    for (int k = 0; k < n->n_nodes; k++)
        if (!strcmp(n->nodes[k].name, name)) return k;
    return -1;
}

/* Room for one more node in the growing array (the arena keeps the old ones until the net is freed). */
static status grow(net_builder *b) {
    net *n = b->net;
    if (n->n_nodes < b->capacity) return STATUS_OK;
    int capacity = b->capacity ? 2 * b->capacity : 64;
    net_node *nodes = arena_array(&n->memory, (size_t)capacity, sizeof *nodes);
    if (!nodes) return err_set(&b->why, STATUS_NO_MEMORY, "no memory for %d nodes", capacity);
    if (n->n_nodes) memcpy(nodes, n->nodes, (size_t)n->n_nodes * sizeof *nodes);
    n->nodes = nodes;
    b->capacity = capacity;
    return STATUS_OK;
}

static void default_int(int *value, int fallback) {
    *value = *value ? *value : fallback;
}
static void default_float(float *value, float fallback) {
    *value = *value != 0 ? *value : fallback;
}

/* PyTorch's defaults where a zero makes no sense (layer.h). */
static void fill_defaults(const layer *op, layer_config *c) {
    bool pools = (op->fields & FIELD_KERNEL) && !(op->fields & FIELD_OUT);
    for (int axis = 0; axis < 2; axis++) {
        default_int(&c->stride[axis], pools ? c->kernel[axis] : 1);
        default_int(&c->dilation[axis], 1);
    }
    default_int(&c->groups, 1);
    default_float(&c->eps, 1e-5F);
    default_float(&c->momentum, .1F);
    if (op->fields & FIELD_RATE && op->traits & LAYER_RECTIFIER)
        default_float(&c->rate, op == layer_find("elu") ? 1 : .01F);
}

static status check_config(const layer *op, const layer_config *c, err *e) {
    enum { MOST = 1 << 12 };
    for (int axis = 0; axis < 2; axis++) {
        if (op->fields & FIELD_KERNEL && (c->kernel[axis] < 1 || c->kernel[axis] > MOST))
            return err_set(e, STATUS_BAD_FILE, "a kernel of %d, expected 1..%d", c->kernel[axis], MOST);
        if (c->stride[axis] < 1 || c->stride[axis] > MOST)
            return err_set(e, STATUS_BAD_FILE, "a stride of %d, expected 1..%d", c->stride[axis], MOST);
        if (c->dilation[axis] < 1 || c->dilation[axis] > MOST)
            return err_set(e, STATUS_BAD_FILE, "a dilation of %d, expected 1..%d", c->dilation[axis], MOST);
    }
    for (int side = 0; side < 4; side++)
        if (c->pad[side] < 0 || c->pad[side] > MOST)
            return err_set(e, STATUS_BAD_FILE, "a padding of %d, expected 0..%d", c->pad[side], MOST);
    if (op->fields & FIELD_OUT && (c->out < 1 || c->out > MOST_SIDE))
        return err_set(e, STATUS_BAD_FILE, "%d outputs, expected 1..%d", c->out, MOST_SIDE);
    if (c->groups < 1 || c->groups > MOST_SIDE)
        return err_set(e, STATUS_BAD_FILE, "%d groups, expected 1..%d", c->groups, MOST_SIDE);
    return STATUS_OK;
}

/* Fills in a node whose name and inputs are set. */
static status shape_node(const net *n, net_node *node, err *e) {
    shape in[LAYER_MOST_INPUTS] = {0};
    for (int k = 0; k < node->n_inputs; k++)
        in[k] = n->nodes[node->inputs[k]].out;
    fill_defaults(node->op, &node->config);
    status s = check_config(node->op, &node->config, e);
    if (s == STATUS_OK) s = node->op->shape(&node->config, node->n_inputs, in, &node->out, e);
    shape o = node->out;
    if (s == STATUS_OK &&
        (o.c > MOST_SIDE * 64 || (int64_t)o.h * o.w > MOST_VALUES || (int64_t)o.h * o.w * o.c > MOST_VALUES))
        s = err_set(e, STATUS_BAD_FILE, "an output of %d x %d x %d values is too large", o.h, o.w, o.c);
    return s;
}

static status fill_node(net_builder *b, net_node *node, const char *name, const char *op,
                        const layer_config *config, int n_inputs, const int *inputs) {
    net *n = b->net;
    if (!net_name_is_fine(name))
        return err_set(&b->why, STATUS_BAD_FILE,
                       "node %d: a name of 1..%d characters A-Za-z0-9_./- is expected", n->n_nodes,
                       (int)NET_MOST_NAME);
    if (net_find(n, name) >= 0) return err_set(&b->why, STATUS_BAD_FILE, "two nodes are named '%s'", name);
    *node = (net_node){.name = arena_strdup(&n->memory, name), .n_inputs = n_inputs};
    if (!node->name) return err_set(&b->why, STATUS_NO_MEMORY, "no memory for the net");
    if (!op) {
        node->out = n->input;
        return STATUS_OK;
    }
    node->op = layer_find(op);
    if (!node->op) return err_set(&b->why, STATUS_UNSUPPORTED, "node '%s': unknown layer '%.64s'", name, op);
    if (config) node->config = *config;
    if (n_inputs < node->op->least_inputs || n_inputs > node->op->most_inputs)
        return err_set(&b->why, STATUS_BAD_FILE, "node '%s': %d inputs, %s takes %d..%d", name, n_inputs, op,
                       node->op->least_inputs, node->op->most_inputs);
    for (int k = 0; k < n_inputs; k++) {
        if (inputs[k] < 0 || inputs[k] >= n->n_nodes)
            return err_set(&b->why, STATUS_BAD_FILE, "node '%s': input %d is not a node before it", name, k);
        node->inputs[k] = inputs[k];
    }
    status s = shape_node(n, node, &b->why);
    return s == STATUS_OK ? s : err_prefix(&b->why, s, "node '%s' (%s)", name, op);
}

int net_add(net_builder *b, const char *name, const char *op, const layer_config *config, int n_inputs,
            const int *inputs) {
    if (!b || b->failed) return -1;
    net *n = b->net;
    if (n->n_nodes == NET_MOST_NODES)
        b->failed = err_set(&b->why, STATUS_BAD_FILE, "more than %d nodes", (int)NET_MOST_NODES);
    else
        b->failed = grow(b);
    if (b->failed) return -1;
    net_node *node = &n->nodes[n->n_nodes];
    b->failed = fill_node(b, node, name, op, config, n_inputs, inputs);
    if (b->failed) return -1;
    b->values += (int64_t)shape_size(node->out);
    if (b->values > 4 * (int64_t)MOST_VALUES) {
        b->failed = err_set(&b->why, STATUS_BAD_FILE, "node '%s': the net has more than %lld values", name,
                            4 * (long long)MOST_VALUES);
        return -1;
    }
    return n->n_nodes++;
}

/* In the order of nodes, as reading the graph back gives it. */
static void insert_aux(net *n, int node) {
    int i = n->n_aux++;
    for (; i > 0 && n->aux[i - 1] > node; i--)
        n->aux[i] = n->aux[i - 1];
    n->aux[i] = node;
}

void net_mark_aux(net_builder *b, int node) {
    if (!b || b->failed) return;
    net *n = b->net;
    if (node < 1 || node >= n->n_nodes)
        b->failed = err_set(&b->why, STATUS_BAD_FILE, "node %d cannot be an auxiliary head", node);
    else if (n->n_aux == NET_MOST_AUX)
        b->failed = err_set(&b->why, STATUS_BAD_FILE, "more than %d auxiliary heads", (int)NET_MOST_AUX);
    else if (net_is_aux(n, node))
        b->failed =
            err_set(&b->why, STATUS_BAD_FILE, "node '%s' is an auxiliary head twice", n->nodes[node].name);
    else
        insert_aux(n, node);
}

/* Whether everything that reads node k cares for no order but through the weights of a linear layer. */
static bool only_linear_reads(const net *n, int k) {
    if (k == n->n_nodes - 1 || net_is_aux(n, k)) return false;
    for (int user = k + 1; user < n->n_nodes; user++)
        for (int i = 0; i < n->nodes[user].n_inputs; i++) {
            const net_node *node = &n->nodes[user];
            if (node->inputs[i] != k || !strcmp(node->op->name, "linear")) continue;
            if (!(node->op->traits & LAYER_ELEMENTWISE) || !only_linear_reads(n, user)) return false;
        }
    return true;
}

/* Decides for every flatten whether it moves values, and tells the linear layers behind those that do not. */
static void settle_flattens(net *n) {
    for (int k = 1; k < n->n_nodes; k++) {
        net_node *node = &n->nodes[k];
        const net_node *from = &n->nodes[node->inputs[0]];
        bool flattens = !strcmp(node->op->name, "flatten");
        if (flattens && (long)from->out.h * from->out.w > 1 && from->out.c > 1 && !only_linear_reads(n, k))
            node->flattened = from->out;
        if (strcmp(node->op->name, "linear")) continue;
        while (from->op && from->op->traits & LAYER_ELEMENTWISE)
            from = &n->nodes[from->inputs[0]];
        if (from->op && !strcmp(from->op->name, "flatten") && !from->flattened.c)
            node->flattened = n->nodes[from->inputs[0]].out;
    }
}

static bool is_buffer(param_kind kind) {
    return kind == BUFFER_MEAN || kind == BUFFER_VARIANCE;
}

/* Declares the parameters of node k, `buffers` or trainable ones, behind those that are there. */
static status add_params(net *n, int k, bool buffers, err *e) {
    net_node *node = &n->nodes[k];
    layer_param params[LAYER_MOST_PARAMS];
    int count =
        node->op->params ? node->op->params(&node->config, &n->nodes[node->inputs[0]].out, params) : 0;
    node->n_params = count;
    for (int i = 0; i < count; i++) {
        if (is_buffer(params[i].kind) != buffers) continue;
        net_param *p = &n->params[n->n_params];
        *p = (net_param){.node = k, .info = params[i], .offset = n->n_floats, .size = 1};
        snprintf(p->name, sizeof p->name, "%s.%s", node->name, params[i].suffix);
        bool fits = true;
        for (int d = 0; d < params[i].rank; d++)
            fits &= size_multiply(p->size, (size_t)params[i].dims[d], &p->size);
        if (!fits || p->size > (size_t)MOST_VALUES || n->n_floats + p->size > 4 * (size_t)MOST_VALUES)
            return err_set(e, STATUS_BAD_FILE, "parameter '%s' is too large", p->name);
        n->n_floats += p->size;
        node->params[i] = n->n_params++;
    }
    return STATUS_OK;
}

static status add_all_params(net *n, err *e) {
    n->params = arena_array(&n->memory, (size_t)n->n_nodes * LAYER_MOST_PARAMS, sizeof *n->params);
    if (!n->params) return err_set(e, STATUS_NO_MEMORY, "no memory for the net");
    status s = STATUS_OK;
    for (int k = 1; k < n->n_nodes && s == STATUS_OK; k++)
        s = add_params(n, k, false, e);
    n->n_trainable = n->n_floats;
    for (int k = 1; k < n->n_nodes && s == STATUS_OK; k++)
        s = add_params(n, k, true, e);
    return s;
}

const net *net_being_built(const net_builder *b) {
    return b->net;
}

bool net_failed(const net_builder *b) {
    return b->failed != STATUS_OK;
}

void net_discard(net_builder *b) {
    net_free(b->net);
    free(b);
}

static status finish(net_builder *b, bool map, net **out, err *e) {
    *out = NULL;
    if (!b) return err_set(e, STATUS_NO_MEMORY, "no memory for a net");
    net *n = b->net;
    status s = b->failed;
    if (s != STATUS_OK) err_set(e, s, "%s", b->why.message);
    if (s == STATUS_OK) s = net_check_ends(n, map, e);
    if (s == STATUS_OK) {
        settle_flattens(n);
        s = add_all_params(n, e);
    }
    free(b);
    if (s == STATUS_OK)
        *out = n;
    else
        net_free(n);
    return s;
}

status net_finish(net_builder *b, net **out, err *e) {
    return finish(b, false, out, e);
}

status net_finish_map(net_builder *b, net **out, err *e) {
    return finish(b, true, out, e);
}

void net_free(net *n) {
    if (!n) return;
    arena_free(&n->memory);
    free(n);
}

layer_view net_view(const net *n, int k, kernel_choice kernel) {
    const net_node *node = &n->nodes[k];
    layer_view v = {.config = &node->config,
                    .kernel = kernel,
                    .n_inputs = node->n_inputs,
                    .out = node->out,
                    .flattened = node->flattened};
    for (int i = 0; i < node->n_inputs; i++)
        v.in[i] = n->nodes[node->inputs[i]].out;
    return v;
}

int64_t net_flops(const net *n) {
    int64_t sum = 0;
    for (int k = 1; k < n->n_nodes; k++) {
        layer_view v = net_view(n, k, KERNEL_AUTO);
        if (n->nodes[k].op->flops && !n->nodes[k].aux_only) sum += n->nodes[k].op->flops(&v);
    }
    return sum;
}
