/* The program of a training step and the memory it needs. Time in the memory plan is the region: within one, chunks run ahead of each
 * other, so buffers may share memory only across regions. */
#include "nets/session_train_internal.h"

static void add_op(train_program *p, train_run *what, domain where, int tiles, int k,
                   const gradient_op *gradient) {
    int region = 0;
    if (p->n) {
        const train_op *before = &p->ops[p->n - 1];
        region = before->region + (before->where != PER_CHUNK || where != PER_CHUNK);
    }
    p->ops[p->n++] = (train_op){what, where, tiles, k, gradient, region, NULL};
}

static void add_forward(train_session *t, int k) {
    const step *s = &t->l.steps[k];
    train_program *p = &t->forward;
    if (s->op->batch_run) {
        add_op(p, run_layer_tile, PER_TILE, s->op->batch_tiles(&s->view, LAYER_FORWARD), k, NULL);
        add_op(p, run_finish, PER_CHUNK, 0, k, NULL);
    } else if (s->norm != s->node) {
        add_op(p, run_layer, PER_CHUNK, 0, k, NULL);
    }
    if (s->norm < 0) return;
    add_op(p, run_moments, PER_CHUNK, 0, k, NULL);
    add_op(p, run_norm, ONCE, 0, k, NULL);
    add_op(p, run_apply, PER_CHUNK, 0, k, NULL);
}

static void add_data(train_session *t, const gradient_op *g) {
    train_program *p = &t->backward;
    if (g->step < 0 || t->l.steps[g->step].norm == t->l.steps[g->step].node) {
        add_op(p, run_copy, PER_CHUNK, 0, g->step, g);
    } else if (t->l.steps[g->step].op->batch_run) {
        const step *s = &t->l.steps[g->step];
        add_op(p, run_data_tile, PER_TILE, s->op->batch_tiles(&s->view, LAYER_BACKWARD_DATA), g->step, g);
        if (g->addend >= 0 || g->gate >= 0) add_op(p, run_data_finish, PER_CHUNK, 0, g->step, g);
    } else {
        add_op(p, run_data, PER_CHUNK, 0, g->step, g);
    }
}

static void add_backward(train_session *t, int k) {
    const step *s = &t->l.steps[k];
    train_program *p = &t->backward;
    if (s->norm >= 0) {
        add_op(p, run_norm_sums, PER_CHUNK, 0, k, NULL);
        add_op(p, run_norm_gradient, ONCE, 0, k, NULL);
        add_op(p, run_norm_data, PER_CHUNK, 0, k, NULL);
    }
    if (s->op->batch_run)
        add_op(p, run_params_tile, PER_TILE, s->op->batch_tiles(&s->view, LAYER_BACKWARD_PARAMS), k, NULL);
    else if (s->op->backward_params)
        add_op(p, run_params, PER_CHUNK, 0, k, NULL);
    for (int j = 0; j < t->g.count_op[k]; j++)
        add_data(t, &t->g.ops[t->g.first_op[k] + j]);
}

static status build_programs(train_session *t, err *e) {
    size_t most = 8 * (size_t)t->l.n_steps + 2 * (size_t)t->g.n_ops + 4;
    t->forward.ops = arena_array(&t->arena, most, sizeof(train_op));
    t->backward.ops = arena_array(&t->arena, most, sizeof(train_op));
    if (!t->forward.ops || !t->backward.ops)
        return err_set(e, STATUS_NO_MEMORY, "no memory for a training program");
    add_op(&t->forward, run_pack_forward, PER_TILE, t->l.n_steps, -1, NULL);
    for (int k = 0; k < t->l.n_steps; k++)
        add_forward(t, k);
    add_op(&t->backward, run_pack_backward, PER_TILE, t->l.n_steps, -1, NULL);
    for (int j = 0; j < t->g.first_op[t->l.n_steps - 1]; j++)
        add_data(t, &t->g.ops[j]); /* the outputs' own ReLUs, if they have any */
    for (int k = t->l.n_steps - 1; k >= 0; k--)
        add_backward(t, k);
    if (t->n_reductions) add_op(&t->backward, run_reduce, PER_TILE, t->n_reductions, -1, NULL);
    return STATUS_OK;
}

static int add_buffer(train_session *t, size_t bytes_per_sample) {
    return memory_add(&t->memory, bytes_per_sample * (size_t)t->batch, FOREVER, -1);
}

/* Lengthens a buffer's life in both directions. */
static void use(train_session *t, int id, int time) {
    buffer *b = &t->memory.buffers[id];
    if (time < b->first) b->first = time;
    memory_use(&t->memory, id, time);
}

static void add_buffers(train_session *t) {
    const lowering *l = &t->l;
    for (int i = 0; i < l->n_tensors; i++)
        t->tensors[i] = add_buffer(t, tensor_size(t, i) * sizeof(float));
    for (int v = 0; v < t->g.n_values; v++)
        t->values[v] = add_buffer(t, tensor_size(t, t->g.tensor_of_value[v]) * sizeof(float));
    for (int k = 0; k < l->n_steps; k++) {
        const step *s = &l->steps[k];
        size_t size = shape_size(s->view.out);
        t->stashes[k] = add_buffer(t, s->op->stash_bytes ? s->op->stash_bytes(&s->view) : 0);
        t->masks[k] = add_buffer(t, s->relu ? mask_bytes(size) : 0);
        t->before_norm[k] = add_buffer(t, s->norm >= 0 && s->norm != s->node ? size * sizeof(float) : 0);
        t->norm_gradients[k] = add_buffer(t, s->norm >= 0 ? size * sizeof(float) : 0);
    }
}

/* Everything that the operations of step k touch in the forward pass. */
static void use_forward(train_session *t, const step *s, int k, int time) {
    for (int i = 0; i < s->n_inputs; i++)
        use(t, t->tensors[s->inputs[i]], time);
    if (s->addend >= 0) use(t, t->tensors[s->addend], time);
    use(t, t->tensors[s->out], time);
    use(t, t->stashes[k], time);
    use(t, t->masks[k], time);
    use(t, t->before_norm[k], time);
}

static void use_backward(train_session *t, const step *s, int k, int time) {
    bool reads_inputs =
        s->op->traits & LAYER_KEEPS_INPUT || s->op->backward_params || s->op->batch_run || s->norm == s->node;
    for (int i = 0; reads_inputs && i < s->n_inputs; i++)
        use(t, t->tensors[s->inputs[i]], time);
    if (s->op->traits & LAYER_KEEPS_OUTPUT) use(t, t->tensors[s->out], time);
    use(t, t->values[t->g.value_of_step[k]], time);
    use(t, t->stashes[k], time);
    use(t, t->before_norm[k], time);
    use(t, t->norm_gradients[k], time);
}

static void use_gradient(train_session *t, const gradient_op *g, int time) {
    use(t, t->values[g->from], time);
    use(t, t->values[g->to], time);
    if (g->addend >= 0) use(t, t->values[g->addend], time);
    if (g->gate >= 0) use(t, t->masks[g->gate], time);
}

static void live(train_session *t) {
    int begin = t->forward.ops[t->forward.n - 1].region + 1;
    for (int j = 0; j < t->forward.n; j++) {
        const train_op *o = &t->forward.ops[j];
        if (o->step >= 0) use_forward(t, &t->l.steps[o->step], o->step, o->region);
    }
    use(t, t->tensors[0], 0);
    for (int i = 0; i < t->l.n_outputs; i++) {
        use(t, t->tensors[t->l.outputs[i]], begin);
        use(t, t->values[i], begin);
    }
    for (int j = 0; j < t->backward.n; j++) {
        const train_op *o = &t->backward.ops[j];
        if (o->step >= 0) use_backward(t, &t->l.steps[o->step], o->step, begin + o->region);
        if (o->gradient) use_gradient(t, o->gradient, begin + o->region);
    }
    use(t, t->values[t->g.input_value], FOREVER);
}

static status plan_reductions(train_session *t, err *e) {
    enum { TILE = 16384 };
    const net *n = t->l.net;
    t->partial_at = arena_array(&t->arena, (size_t)n->n_params + 1, sizeof(size_t));
    t->reductions = arena_array(&t->arena, n->n_floats / TILE + (size_t)n->n_params + 1, sizeof(reduction));
    if (!t->partial_at || !t->reductions) return err_set(e, STATUS_NO_MEMORY, "no memory to plan gradients");
    for (int k = 0; k < t->l.n_steps; k++) {
        const step *s = &t->l.steps[k];
        const net_node *node = &n->nodes[s->node];
        for (int i = 0; s->op->backward_params && i < node->n_params; i++) {
            const net_param *p = &n->params[node->params[i]];
            t->partial_at[node->params[i]] = t->partial_floats;
            for (size_t first = 0; first < p->size; first += TILE)
                t->reductions[t->n_reductions++] =
                    (reduction){p->offset + first, t->partial_floats + first,
                                p->size - first < TILE ? p->size - first : TILE};
            t->partial_floats += p->size;
        }
    }
    return STATUS_OK;
}

static void plan_scratch(train_session *t) {
    size_t most = 0;
    for (int k = 0; k < t->l.n_steps; k++) {
        const step *s = &t->l.steps[k];
        for (int pass = LAYER_FORWARD; pass < LAYER_PASSES; pass++) {
            size_t bytes = s->op->scratch_bytes && !s->op->batch_run
                               ? s->op->scratch_bytes(&s->view, (layer_pass)pass)
                               : 0;
            most = bytes > most ? bytes : most;
        }
        size_t norm = norm_scratch_bytes(s->view.out.c);
        most = s->norm >= 0 && norm > most ? norm : most;
    }
    t->scratch_bytes = (most / MEMORY_ALIGNMENT + 2) * MEMORY_ALIGNMENT;
}

status train_plan(train_session *t, err *e) {
    size_t steps = (size_t)t->l.n_steps;
    t->tensors = arena_array(&t->arena, (size_t)t->l.n_tensors, sizeof(int));
    t->values = arena_array(&t->arena, (size_t)t->g.n_values, sizeof(int));
    int **per_step[] = {&t->stashes, &t->masks, &t->before_norm, &t->norm_gradients};
    bool fine = t->tensors && t->values;
    for (size_t i = 0; i < sizeof per_step / sizeof *per_step; i++) {
        *per_step[i] = arena_array(&t->arena, steps, sizeof(int));
        fine &= *per_step[i] != NULL;
    }
    t->norms = arena_array(&t->arena, steps, sizeof *t->norms);
    if (!fine || !t->norms) return err_set(e, STATUS_NO_MEMORY, "no memory to plan training");
    status s = STATUS_OK;
    for (int k = 0; k < t->l.n_steps && s == STATUS_OK; k++)
        if (t->l.steps[k].norm >= 0) s = norm_state_new(t, k, e);
    if (s == STATUS_OK) s = plan_reductions(t, e);
    if (s == STATUS_OK) s = build_programs(t, e);
    if (s == STATUS_OK)
        s = memory_begin(&t->memory, (int)(4 * steps) + t->l.n_tensors + t->g.n_values, &t->arena, e);
    if (s != STATUS_OK) return s;
    add_buffers(t);
    live(t);
    plan_scratch(t);
    return memory_place(&t->memory, &t->arena, e);
}
