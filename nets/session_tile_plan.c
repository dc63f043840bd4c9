/* Where the buffers of a tile session lie. Time in the plan: step k runs at k, operation j of the backward pass at n_steps + j. What
 * the backward pass reads of the forward pass lives forever, as it may be asked for again. */
#include "nets/session_tile_internal.h"

static bool takes_rows(const lowering *l, int k) {
    return k >= 0 && l->steps[k].op->traits & LAYER_ROWS;
}

static void add_to_stages(stage *stages, int *n, int k, bool rows) {
    if (*n && !rows && !stages[*n - 1].rows)
        stages[*n - 1].end++;
    else
        stages[(*n)++] = (stage){k, k + 1, rows};
}

static void find_stages(tile_session *t) {
    for (int k = 0; k < t->l.n_steps; k++)
        add_to_stages(t->forward, &t->n_forward, k, takes_rows(&t->l, k));
    for (int j = 0; j < t->g.n_ops; j++)
        add_to_stages(t->backward, &t->n_backward, j, takes_rows(&t->l, t->g.ops[j].step));
}

static const stage *stage_of(const stage *stages, int n, int k) {
    for (int i = 0; i < n; i++)
        if (k < stages[i].end) return &stages[i];
    return &stages[n - 1];
}

/* A buffer under construction: when it is written and read, in steps or operations of one direction. */
typedef struct life {
    int first, last;
    bool forever;
} life;

/* Takes the place in the plan. What is read by another stage than it is written in must be there for all strips of both. */
static int add_life(tile_session *t, const stage *stages, int n, int begin, const life *x, size_t floats,
                    bool *local) {
    const stage *from = stage_of(stages, n, x->first), *to = stage_of(stages, n, x->last);
    *local = from == to && !from->rows && !x->forever;
    size_t bytes = (size_t)(*local ? STRIP : SESSION_TILE) * floats * sizeof(float);
    int first = *local ? x->first : from->first, last = *local ? x->last : to->end - 1;
    return memory_add(&t->memory, bytes, begin + first, x->forever ? FOREVER : begin + last);
}

static bool rows_read_input(const lowering *l) {
    for (int k = 0; k < l->n_steps; k++)
        for (int i = 0; i < l->steps[k].n_inputs; i++)
            if (l->steps[k].inputs[i] == 0 && takes_rows(l, k)) return true;
    return false;
}

static bool keeps_input(const lowering *l) {
    for (int k = 0; k < l->n_steps; k++)
        for (int i = 0; i < l->steps[k].n_inputs; i++)
            if (l->steps[k].inputs[i] == 0 && l->steps[k].op->traits & LAYER_KEEPS_INPUT) return true;
    return false;
}

static life life_of_tensor(const tile_session *t, int id) {
    const lowering *l = &t->l;
    life x = {.first = id ? l->tensors[id].producer : 0};
    x.last = x.first;
    for (int k = 0; k < l->n_steps; k++) {
        const step *s = &l->steps[k];
        bool reads = s->addend == id;
        for (int i = 0; i < s->n_inputs; i++)
            if (s->inputs[i] == id) {
                reads = true;
                x.forever |= t->gradient && s->op->traits & LAYER_KEEPS_INPUT;
            }
        x.forever |= t->gradient && s->out == id && s->op->traits & LAYER_KEEPS_OUTPUT;
        if (reads) x.last = k;
    }
    if (id == l->outputs[0]) x.forever = true;
    return x;
}

static void add_tensor_buffers(tile_session *t) {
    const lowering *l = &t->l;
    for (int i = 0; i < l->n_tensors; i++) {
        bool needed = i > 0 || rows_read_input(l) || (t->gradient && keeps_input(l));
        life x = life_of_tensor(t, i);
        if (i == 0) x.forever = true; /* written before the first strip */
        t->tensor_buffers[i] = add_life(t, t->forward, t->n_forward, 0, &x, needed ? tensor_floats(t, i) : 0,
                                        &t->tensor_local[i]);
    }
}

static void add_kept_buffers(tile_session *t) {
    for (int k = 0; k < t->l.n_steps; k++) {
        const step *s = &t->l.steps[k];
        size_t mask = s->relu ? mask_bytes(shape_size(s->view.out)) : 0;
        t->stash_buffers[k] = memory_add(&t->memory, SESSION_TILE * stash_bytes(s), 0, FOREVER);
        t->mask_buffers[k] = memory_add(&t->memory, SESSION_TILE * mask, 0, FOREVER);
    }
}

/* Operation j makes value j + 1; the caller gives value 0. */
static life life_of_value(const tile_session *t, int value) {
    const gradient_plan *g = &t->g;
    life x = {.first = value ? value - 1 : 0, .forever = value == 0 || value == g->input_value};
    x.last = x.first;
    for (int j = 0; j < g->n_ops; j++)
        if (g->ops[j].from == value || g->ops[j].addend == value) x.last = j;
    return x;
}

static void add_value_buffers(tile_session *t) {
    for (int v = 0; v < t->g.n_values; v++) {
        life x = life_of_value(t, v);
        t->value_buffers[v] = add_life(t, t->backward, t->n_backward, t->l.n_steps, &x,
                                       tensor_floats(t, t->g.tensor_of_value[v]), &t->value_local[v]);
    }
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
    t->tensor_local = arena_array(&t->arena, tensors, sizeof(bool));
    t->value_local = arena_array(&t->arena, values + 1, sizeof(bool));
    t->forward = arena_array(&t->arena, steps, sizeof(stage));
    t->backward = arena_array(&t->arena, (size_t)t->g.n_ops + 1, sizeof(stage));
    if (!t->tensor_buffers || !t->value_buffers || !t->stash_buffers || !t->mask_buffers ||
        !t->tensor_local || !t->value_local || !t->forward || !t->backward)
        return err_set(e, STATUS_NO_MEMORY, "no memory to plan a session");
    status s = memory_begin(&t->memory, (int)(2 * steps + tensors + values + 1), &t->arena, e);
    if (s != STATUS_OK) return s;
    find_stages(t);
    add_tensor_buffers(t);
    if (t->gradient) {
        add_kept_buffers(t);
        add_value_buffers(t);
    }
    add_scratch_buffer(t);
    return memory_place(&t->memory, &t->arena, e);
}
