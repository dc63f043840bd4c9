/* Where the buffers of a tile session lie. Time in the plan: step k runs at k, operation j of the backward pass at n_steps + j. What
 * the backward pass reads of the forward pass lives forever, as it may be asked for again. */
#include "nets/session_tile_internal.h"

static bool rows_read_input(const lowering *l) {
    for (int k = 0; k < l->n_steps; k++)
        for (int i = 0; i < l->steps[k].n_inputs; i++)
            if (l->steps[k].inputs[i] == 0 && l->steps[k].op->traits & LAYER_ROWS) return true;
    return false;
}

static bool keeps_input(const lowering *l) {
    for (int k = 0; k < l->n_steps; k++)
        for (int i = 0; i < l->steps[k].n_inputs; i++)
            if (l->steps[k].inputs[i] == 0 && l->steps[k].op->traits & LAYER_KEEPS_INPUT) return true;
    return false;
}

static void add_tensor_buffers(tile_session *t) {
    const lowering *l = &t->l;
    int after = l->n_steps;
    for (int i = 0; i < l->n_tensors; i++) {
        bool needed = i > 0 || rows_read_input(l) || (t->gradient && keeps_input(l));
        int first = i > 0 ? l->tensors[i].producer : 0;
        size_t bytes = needed ? SESSION_TILE * tensor_floats(t, i) * sizeof(float) : 0;
        t->tensor_buffers[i] = memory_add(&t->memory, bytes, first, i == l->outputs[0] ? after : first);
    }
    for (int k = 0; k < l->n_steps; k++) {
        const step *s = &l->steps[k];
        bool keeps_in = t->gradient && s->op->traits & LAYER_KEEPS_INPUT;
        for (int i = 0; i < s->n_inputs; i++)
            memory_use(&t->memory, t->tensor_buffers[s->inputs[i]], keeps_in ? FOREVER : k);
        if (s->addend >= 0) memory_use(&t->memory, t->tensor_buffers[s->addend], k);
        if (t->gradient && s->op->traits & LAYER_KEEPS_OUTPUT)
            memory_use(&t->memory, t->tensor_buffers[s->out], FOREVER);
    }
}

static void add_kept_buffers(tile_session *t) {
    for (int k = 0; k < t->l.n_steps; k++) {
        const step *s = &t->l.steps[k];
        size_t mask = s->relu ? mask_bytes(shape_size(s->view.out)) : 0;
        t->stash_buffers[k] = memory_add(&t->memory, SESSION_TILE * stash_bytes(s), k, FOREVER);
        t->mask_buffers[k] = memory_add(&t->memory, SESSION_TILE * mask, k, FOREVER);
    }
}

static void add_value_buffers(tile_session *t) {
    const gradient_plan *g = &t->g;
    int begin = t->l.n_steps;
    for (int v = 0; v < g->n_values; v++) {
        int made = v ? begin + v - 1 : begin; /* operation j makes value j + 1 */
        t->value_buffers[v] = memory_add(
            &t->memory, SESSION_TILE * tensor_floats(t, g->tensor_of_value[v]) * sizeof(float), made, made);
    }
    for (int j = 0; j < g->n_ops; j++) {
        memory_use(&t->memory, t->value_buffers[g->ops[j].from], begin + j);
        if (g->ops[j].addend >= 0) memory_use(&t->memory, t->value_buffers[g->ops[j].addend], begin + j);
    }
    memory_use(&t->memory, t->value_buffers[g->input_value], FOREVER);
}

static void add_scratch_buffer(tile_session *t) {
    size_t most = 0;
    for (int k = 0; k < t->l.n_steps; k++) {
        const step *s = &t->l.steps[k];
        for (int pass = LAYER_FORWARD; pass <= (t->gradient ? LAYER_BACKWARD_DATA : LAYER_FORWARD); pass++) {
            size_t bytes = s->op->scratch_bytes ? s->op->scratch_bytes(&s->view, (layer_pass)pass) : 0;
            most = bytes > most ? bytes : most;
        }
    }
    t->scratch_buffer = memory_add(&t->memory, most, 0, FOREVER);
}

status tile_plan(tile_session *t, err *e) {
    size_t steps = (size_t)t->l.n_steps, tensors = (size_t)t->l.n_tensors, values = (size_t)t->g.n_values;
    t->tensor_buffers = arena_array(&t->arena, tensors, sizeof(int));
    t->value_buffers = arena_array(&t->arena, values + 1, sizeof(int));
    t->stash_buffers = arena_array(&t->arena, steps, sizeof(int));
    t->mask_buffers = arena_array(&t->arena, steps, sizeof(int));
    if (!t->tensor_buffers || !t->value_buffers || !t->stash_buffers || !t->mask_buffers)
        return err_set(e, STATUS_NO_MEMORY, "no memory to plan a session");
    status s = memory_begin(&t->memory, (int)(2 * steps + tensors + values + 1), &t->arena, e);
    if (s != STATUS_OK) return s;
    add_tensor_buffers(t);
    if (t->gradient) {
        add_kept_buffers(t);
        add_value_buffers(t);
    }
    add_scratch_buffer(t);
    return memory_place(&t->memory, &t->arena, e);
}
