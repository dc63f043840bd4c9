/* A net as its bounds see it, and the memory of one worker. */
#include "attacks/certify/bounds_internal.h"

static const bound_op input_op = {.layer = "input", .kind = BOUND_INPUT, .single = true};

static status lower_node(const net *n, const weights *w, int k, bound_net *out, err *e) {
    const net_node *node = &n->nodes[k];
    bound_node *b = &out->nodes[k];
    *b = (bound_node){.node = node, .index = k, .out = node->out, .most_taps = 1};
    if (node->aux_only) return STATUS_OK;
    b->op = node->op ? bound_op_find(layer_name(node->op)) : &input_op;
    if (!b->op)
        return err_set(e, STATUS_UNSUPPORTED, "%s: there are no bounds of the layer %s", node->name,
                       layer_name(node->op));
    if (b->op->kind == BOUND_MONOTONE && node->config.rate < 0)
        return err_set(e, STATUS_UNSUPPORTED, "%s: there are no bounds of %s with a slope of %g", node->name,
                       layer_name(node->op), (double)node->config.rate);
    b->size = (int)shape_size(node->out);
    b->n_inputs = node->n_inputs;
    b->inputs = node->inputs;
    for (int i = 0; i < b->n_inputs; i++)
        b->in[i] = n->nodes[node->inputs[i]].out;
    status s = b->op->make ? b->op->make(n, w, b, &out->memory, e) : STATUS_OK;
    out->elements += (size_t)b->size;
    if (b->most_taps > out->most_taps) out->most_taps = b->most_taps;
    return s;
}

/* Values of this node move apart from each other when the input's do. */
static bool independent(const bound_net *b, int k) {
    for (; k > 0; k = b->nodes[k].inputs[0])
        if (!b->nodes[k].op->single || b->nodes[k].n_inputs != 1) return false;
    return true;
}

/* Intervals of the first affine node are exact already. */
static bool interval_is_exact(const bound_net *b, int k) {
    const bound_node *node = &b->nodes[k];
    if (node->n_inputs == 1 && independent(b, node->inputs[0])) return true;
    return node->op->single && interval_is_exact(b, node->inputs[0]);
}

static void plan_refinement(bound_net *b) {
    for (int k = 1; k <= b->last; k++) {
        const bound_node *reader = &b->nodes[k];
        if (!reader->op || reader->op->kind == BOUND_AFFINE) continue;
        bound_node *from = &b->nodes[reader->inputs[0]];
        if (from->op->kind != BOUND_AFFINE || interval_is_exact(b, from->index)) continue;
        if (reader->op->kind != BOUND_RELU)
            from->refine = REFINE_ALL;
        else if (from->refine == REFINE_NONE)
            from->refine = REFINE_UNSTABLE;
    }
}

status bound_net_new(const net *n, const weights *w, bool real, bound_net *out, err *e) {
    *out = (bound_net){.n = n, .real = real, .n_nodes = n->n_nodes};
    out->nodes = arena_array(&out->memory, (size_t)n->n_nodes, sizeof *out->nodes);
    status s = out->nodes ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "bounds: out of memory");
    for (int k = 0; k < n->n_nodes && s == STATUS_OK; k++) {
        s = lower_node(n, w, k, out, e);
        if (!n->nodes[k].aux_only) out->last = k;
    }
    if (s == STATUS_OK) plan_refinement(out);
    if (s != STATUS_OK) bound_net_free(out);
    return s;
}

void bound_net_free(bound_net *b) {
    arena_free(&b->memory);
    *b = (bound_net){0};
}

enum { BOX_PARTS = 6 };

static void place(bound_work *w, double *at) {
    for (int k = 0; k < w->b->n_nodes; k++) {
        size_t size = (size_t)w->b->nodes[k].size;
        w->boxes[k] = (box){at, at + size, at + 2 * size, at + 3 * size, at + 4 * size, at + 5 * size};
        w->functions[k] = at + BOX_PARTS * size;
        at += (BOX_PARTS + BOUND_ROWS) * size;
    }
}

status bound_work_new(const bound_net *b, bound_work *out, err *e) {
    *out = (bound_work){.b = b};
    size_t n = (size_t)b->n_nodes, most = (size_t)b->most_taps;
    out->boxes = arena_array(&out->memory, n, sizeof *out->boxes);
    out->functions = arena_array(&out->memory, n, sizeof *out->functions);
    out->reached = arena_array(&out->memory, n, sizeof *out->reached);
    out->t.at = arena_array(&out->memory, most, sizeof *out->t.at);
    out->t.weight = arena_array(&out->memory, most, sizeof *out->t.weight);
    out->block = arena_array(&out->memory, b->elements, (BOX_PARTS + BOUND_ROWS) * sizeof(double));
    if (!out->boxes || !out->functions || !out->reached || !out->t.at || !out->t.weight || !out->block) {
        bound_work_free(out);
        return err_set(e, STATUS_NO_MEMORY, "bounds: no memory for a net of %zu values", b->elements);
    }
    place(out, out->block);
    return STATUS_OK;
}

void bound_work_free(bound_work *w) {
    arena_free(&w->memory);
    *w = (bound_work){0};
}

void bound_input(bound_work *w, const float *x, double eps, bool clip) {
    box *in = &w->boxes[0];
    int n = w->b->nodes[0].size;
    for (int i = 0; i < n; i++) {
        in->lo[i] = (double)x[i] - eps;
        in->hi[i] = (double)x[i] + eps;
        if (clip && in->lo[i] < 0) in->lo[i] = 0;
        if (clip && in->hi[i] > 1) in->hi[i] = 1;
        in->error[i] = 0;
    }
    box_settle(in, n);
}
