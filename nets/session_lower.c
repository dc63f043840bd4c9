/* From the graph to fused steps. */
#include "nets/session_internal.h"

typedef struct lowerer {
    lowering *l;
    kernel_choice kernel;
    int *tensor_of; /* node -> tensor */
    int *readers;   /* node -> how many inputs of nodes read its tensor (the caller reads outputs) */
} lowerer;

static bool runs(const lowering *l, int k) {
    return l->training || !l->net->nodes[k].aux_only;
}

static int output_node(const net *n, int i) {
    return i ? n->aux[i - 1] : n->n_nodes - 1;
}

static void count_readers(const lowering *l, int *readers) {
    const net *n = l->net;
    for (int i = 0; i < l->n_outputs; i++)
        readers[output_node(n, i)]++;
    for (int k = 1; k < n->n_nodes; k++)
        for (int i = 0; runs(l, k) && i < n->nodes[k].n_inputs; i++)
            readers[n->nodes[k].inputs[i]]++;
}

/* The step that makes what node `from` gives, if it can take on more: its result has no other reader and no ReLU yet. */
static step *open_step(const lowerer *w, int from) {
    int producer = w->l->tensors[w->tensor_of[from]].producer;
    if (producer < 0 || w->readers[from] != 1 || w->l->steps[producer].relu) return NULL;
    return &w->l->steps[producer];
}

/* Flatten in our memory order and dropout in evaluation: the same values under another name. */
static bool rename_tensor(const lowerer *w, int k) {
    const net_node *node = &w->l->net->nodes[k];
    bool flattens = node->op == layer_find("flatten") && !node->flattened.c;
    if (!flattens && (w->l->training || !(node->op->traits & LAYER_TRAINING_ONLY))) return false;
    int from = node->inputs[0];
    w->tensor_of[k] = w->tensor_of[from];
    w->readers[k] += w->readers[from] - 1;
    return true;
}

static bool fuse_norm(const lowerer *w, int k) {
    const net_node *node = &w->l->net->nodes[k];
    if (!(node->op->traits & LAYER_BATCH_NORM)) return false;
    step *s = open_step(w, node->inputs[0]);
    if (!s || s->norm >= 0 || s->addend >= 0 || !(s->op->traits & LAYER_FUSES)) return false;
    if (shape_size(node->out) != shape_size(s->view.out) || node->out.c != s->view.out.c) return false;
    s->norm = k;
    w->tensor_of[k] = s->out;
    return true;
}

/* An addition of two becomes part of whichever of their steps runs last. */
static bool fuse_add(const lowerer *w, int k) {
    const net_node *node = &w->l->net->nodes[k];
    if (!(node->op->traits & LAYER_PASSES_GRADIENT) || node->n_inputs != 2) return false;
    const step_tensor *tensors = w->l->tensors;
    int a = w->tensor_of[node->inputs[0]], b = w->tensor_of[node->inputs[1]];
    bool first_is_late = tensors[a].producer > tensors[b].producer;
    step *s = open_step(w, node->inputs[first_is_late ? 0 : 1]);
    if (!s || s->addend >= 0 || !(s->op->traits & LAYER_FUSES)) return false;
    s->addend = first_is_late ? b : a;
    w->tensor_of[k] = s->out;
    return true;
}

/* Masks of fused rectifiers are whole bytes per sample, so that gates can be cut at samples. */
static bool fuse_relu(const lowerer *w, int k) {
    const net_node *node = &w->l->net->nodes[k];
    if (!(node->op->traits & LAYER_RELU) || shape_size(node->out) % 8) return false;
    step *s = open_step(w, node->inputs[0]);
    if (!s || s->op->traits & LAYER_KEEPS_OUTPUT) return false;
    s->relu = true;
    w->tensor_of[k] = s->out;
    return true;
}

static void add_step(const lowerer *w, int k) {
    lowering *l = w->l;
    const net_node *node = &l->net->nodes[k];
    bool batch_norm = node->op->traits & LAYER_BATCH_NORM;
    step *s = &l->steps[l->n_steps];
    *s = (step){.node = k,
                .op = node->op,
                .view = net_view(l->net, k, w->kernel),
                .norm = batch_norm && l->training ? k : -1,
                .n_inputs = node->n_inputs,
                .addend = -1,
                .out = l->n_tensors};
    for (int i = 0; i < node->n_inputs; i++)
        s->inputs[i] = w->tensor_of[node->inputs[i]];
    l->tensors[l->n_tensors] = (step_tensor){.s = node->out, .producer = l->n_steps++};
    w->tensor_of[k] = l->n_tensors++;
}

static void count_uses(lowering *l) {
    for (int k = 0; k < l->n_steps; k++) {
        for (int i = 0; i < l->steps[k].n_inputs; i++)
            l->tensors[l->steps[k].inputs[i]].uses++;
        if (l->steps[k].addend >= 0) l->tensors[l->steps[k].addend].uses++;
    }
    for (int i = 0; i < l->n_outputs; i++)
        l->tensors[l->outputs[i]].uses++;
}

status lower(const net *n, bool training, kernel_choice kernel, arena *memory, lowering *out, err *e) {
    size_t nodes = (size_t)n->n_nodes;
    *out =
        (lowering){.net = n, .training = training, .n_tensors = 1, .n_outputs = training ? 1 + n->n_aux : 1};
    lowerer w = {.l = out,
                 .kernel = kernel,
                 .tensor_of = arena_array(memory, nodes, sizeof(int)),
                 .readers = arena_array(memory, nodes, sizeof(int))};
    out->steps = arena_array(memory, nodes, sizeof *out->steps);
    out->tensors = arena_array(memory, nodes, sizeof *out->tensors);
    if (!w.tensor_of || !w.readers || !out->steps || !out->tensors)
        return err_set(e, STATUS_NO_MEMORY, "no memory to lower the net");
    out->tensors[0] = (step_tensor){.s = n->input, .producer = -1};
    count_readers(out, w.readers);
    for (int k = 1; k < n->n_nodes; k++)
        if (runs(out, k) && !rename_tensor(&w, k) && !fuse_norm(&w, k) && !fuse_add(&w, k) &&
            !fuse_relu(&w, k))
            add_step(&w, k);
    for (int i = 0; i < out->n_outputs; i++)
        out->outputs[i] = w.tensor_of[output_node(n, i)];
    count_uses(out);
    return STATUS_OK;
}
