/* The operations of a training step, but for batch norm. */
#include <string.h>

#include "nets/session_train_internal.h"

float *train_layer_output(const train_session *t, int k) {
    const step *s = &t->l.steps[k];
    return s->norm >= 0 ? train_at(t, t->before_norm[k]) : train_tensor(t, s->out);
}

const float *train_norm_input(const train_session *t, int k) {
    const step *s = &t->l.steps[k];
    return s->norm == s->node ? train_tensor(t, s->inputs[0]) : train_layer_output(t, k);
}

const float *train_layer_gradient(const train_session *t, int k) {
    return t->l.steps[k].norm >= 0 ? train_at(t, t->norm_gradients[k])
                                   : train_value(t, t->g.value_of_step[k]);
}

/* What is fused behind the layer (or behind its batch norm) of a step, for sample i. */
void train_epilogue(const train_session *t, int k, int i, bool bias, epilogue *out) {
    const step *s = &t->l.steps[k];
    size_t size = tensor_size(t, s->out);
    uint8_t *masks = train_at(t, t->masks[k]);
    *out = (epilogue){.bias = bias ? step_param(&t->l, s->node, 1, t->w) : NULL,
                      .addend = s->addend >= 0 ? train_tensor(t, s->addend) + (size_t)i * size : NULL,
                      .relu = s->relu,
                      .mask = s->relu ? masks + (size_t)i * mask_bytes(size) : NULL};
}

void run_pack_forward(train_session *t, const train_op *o, int tile, int worker) {
    (void)o, (void)worker;
    pack_step(&t->l, &t->packed, LAYER_FORWARD, tile, t->w);
}

void run_pack_backward(train_session *t, const train_op *o, int tile, int worker) {
    (void)o, (void)worker;
    pack_step(&t->l, &t->packed, LAYER_BACKWARD_DATA, tile, t->w);
}

static void *stash_of(const train_session *t, int k, int i) {
    const step *s = &t->l.steps[k];
    if (!s->op->stash_bytes) return NULL;
    return (uint8_t *)train_at(t, t->stashes[k]) + (size_t)i * s->op->stash_bytes(&s->view);
}

static void run_sample(train_session *t, int k, int i, int worker) {
    const step *s = &t->l.steps[k];
    size_t size = shape_size(s->view.out);
    epilogue post = {.bias = t->packed.steps[k].bias};
    if (s->norm < 0) train_epilogue(t, k, i, true, &post);
    layer_io io = {.y = train_layer_output(t, k) + (size_t)i * size,
                   .packed = t->packed.steps[k].weights[LAYER_FORWARD],
                   .stash = stash_of(t, k, i),
                   .scratch = train_scratch(t, worker),
                   .epilogue = &post};
    rng stream;
    if (s->op->traits & LAYER_TRAINING_ONLY) {
        stream = rng_stream(t->r.seed, "dropout", (uint32_t)s->node, (uint32_t)t->context.ids[i],
                            (uint32_t)t->context.epoch, (uint32_t)t->context.step);
        io.random = &stream;
    }
    for (int in = 0; in < s->n_inputs; in++)
        io.x[in] = train_tensor(t, s->inputs[in]) + (size_t)i * tensor_size(t, s->inputs[in]);
    step_params(&t->l, s->node, t->w, io.params);
    s->op->forward(&s->view, &io);
    if (s->relu && s->norm < 0 && !(s->op->traits & LAYER_FUSES))
        epilogue_apply(&post, size, s->view.out.c, io.y);
}

void run_layer(train_session *t, const train_op *o, int chunk, int worker) {
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++)
        run_sample(t, o->step, i, worker);
}

static void run_tile(train_session *t, int k, layer_pass pass, float *dx, int tile) {
    const step *s = &t->l.steps[k];
    layer_io io = {.x = {train_tensor(t, s->inputs[0])}, .dx = dx, .n = t->n};
    if (pass == LAYER_FORWARD) io.y = train_layer_output(t, k);
    if (pass != LAYER_FORWARD) io.dy = train_layer_gradient(t, k);
    step_params(&t->l, s->node, t->w, io.params);
    const net_node *node = &t->l.net->nodes[s->node];
    for (int p = 0; pass == LAYER_BACKWARD_PARAMS && p < node->n_params; p++)
        io.dparams[p] = t->grad + t->l.net->params[node->params[p]].offset;
    s->op->batch_run(&s->view, pass, &io, tile);
}

void run_layer_tile(train_session *t, const train_op *o, int tile, int worker) {
    (void)worker;
    run_tile(t, o->step, LAYER_FORWARD, NULL, tile);
}

/* The epilogue of a layer that ran in tiles. */
void run_finish(train_session *t, const train_op *o, int chunk, int worker) {
    (void)worker;
    const step *s = &t->l.steps[o->step];
    size_t size = shape_size(s->view.out);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++) {
        epilogue post = {.bias = step_param(&t->l, s->node, 1, t->w)};
        if (s->norm < 0) train_epilogue(t, o->step, i, true, &post);
        epilogue_apply(&post, size, s->view.out.c, train_layer_output(t, o->step) + (size_t)i * size);
    }
}

void run_params(train_session *t, const train_op *o, int chunk, int worker) {
    const step *s = &t->l.steps[o->step];
    const net_node *node = &t->l.net->nodes[s->node];
    int first = chunk_first(chunk);
    layer_io io = {.x = {train_tensor(t, s->inputs[0]) + (size_t)first * tensor_size(t, s->inputs[0])},
                   .dy = train_layer_gradient(t, o->step) + (size_t)first * shape_size(s->view.out),
                   .stash = stash_of(t, o->step, first),
                   .scratch = train_scratch(t, worker),
                   .n = chunk_end(t, chunk) - first};
    for (int p = 0; p < node->n_params; p++) {
        const net_param *param = &t->l.net->params[node->params[p]];
        io.dparams[p] = t->partials + (size_t)chunk * t->partial_floats + t->partial_at[node->params[p]];
        memset(io.dparams[p], 0, param->size * sizeof(float));
    }
    s->op->backward_params(&s->view, &io);
}

void run_params_tile(train_session *t, const train_op *o, int tile, int worker) {
    (void)worker;
    run_tile(t, o->step, LAYER_BACKWARD_PARAMS, NULL, tile);
}

/* The addend and gate of a gradient operation, for sample i. */
static epilogue gradient_epilogue(const train_session *t, const gradient_op *g, int i) {
    size_t size = tensor_size(t, g->tensor);
    epilogue post = {0};
    if (g->addend >= 0) post.addend = train_value(t, g->addend) + (size_t)i * size;
    if (g->gate >= 0)
        post.gate = (const uint8_t *)train_at(t, t->masks[g->gate]) + (size_t)i * mask_bytes(size);
    return post;
}

void run_data(train_session *t, const train_op *o, int chunk, int worker) {
    const gradient_op *g = o->gradient;
    const step *s = &t->l.steps[g->step];
    size_t size = tensor_size(t, g->tensor), out_size = shape_size(s->view.out);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++) {
        epilogue post = gradient_epilogue(t, g, i);
        layer_io io = {.dy = train_layer_gradient(t, g->step) + (size_t)i * out_size,
                       .dx = train_value(t, g->to) + (size_t)i * size,
                       .input = g->input,
                       .packed = t->packed.steps[g->step].weights[LAYER_BACKWARD_DATA],
                       .stash = stash_of(t, g->step, i),
                       .scratch = train_scratch(t, worker),
                       .epilogue = &post};
        for (int in = 0; in < s->n_inputs; in++)
            io.x[in] = train_tensor(t, s->inputs[in]) + (size_t)i * tensor_size(t, s->inputs[in]);
        if (s->op->traits & LAYER_KEEPS_OUTPUT) io.y = train_tensor(t, s->out) + (size_t)i * out_size;
        step_params(&t->l, s->node, t->w, io.params);
        s->op->backward_data(&s->view, &io);
        if (!(s->op->traits & LAYER_FUSES) && (post.addend || post.gate))
            epilogue_apply(&post, size, s->view.in[g->input].c, io.dx);
    }
}

void run_data_tile(train_session *t, const train_op *o, int tile, int worker) {
    (void)worker;
    run_tile(t, o->gradient->step, LAYER_BACKWARD_DATA, train_value(t, o->gradient->to), tile);
}

/* The epilogue of a gradient operation that ran in tiles. */
void run_data_finish(train_session *t, const train_op *o, int chunk, int worker) {
    (void)worker;
    const gradient_op *g = o->gradient;
    size_t size = tensor_size(t, g->tensor);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++) {
        epilogue post = gradient_epilogue(t, g, i);
        epilogue_apply(&post, size, t->l.tensors[g->tensor].s.c, train_value(t, g->to) + (size_t)i * size);
    }
}

/* A gradient operation that only copies, adds or gates. A batch norm that is a step of its own copies what it made. */
void run_copy(train_session *t, const train_op *o, int chunk, int worker) {
    const gradient_op *g = o->gradient;
    size_t size = tensor_size(t, g->tensor);
    const float *from = g->step >= 0 ? train_layer_gradient(t, g->step) : train_value(t, g->from);
    for (int i = chunk_first(chunk); i < chunk_end(t, chunk); i++)
        memcpy(train_value(t, g->to) + (size_t)i * size, from + (size_t)i * size, size * sizeof(float));
    run_data_finish(t, o, chunk, worker);
}

void run_reduce(train_session *t, const train_op *o, int tile, int worker) {
    (void)o, (void)worker;
    const reduction *r = &t->reductions[tile];
    float *to = t->grad + r->to;
    memcpy(to, t->partials + r->from, r->count * sizeof *to);
    for (int chunk = 1; chunk_first(chunk) < t->n; chunk++) {
        const float *from = t->partials + (size_t)chunk * t->partial_floats + r->from;
        for (size_t i = 0; i < r->count; i++)
            to[i] += from[i];
    }
}
