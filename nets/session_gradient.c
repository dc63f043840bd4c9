/* The backward pass of a lowered net: see gradient_plan. */
#include "nets/session_internal.h"

typedef struct planner {
    const lowering *l;
    gradient_plan *g;
    int *remaining;   /* tensor -> readers that have not yet sent their part */
    int *sum;         /* tensor -> value of the parts so far; -1 = none */
    bool *has_params; /* tensor -> parameters lie before it */
} planner;

static void find_params(const planner *p) {
    const lowering *l = p->l;
    for (int k = 0; k < l->n_steps; k++) {
        const step *s = &l->steps[k];
        bool any = l->net->nodes[s->node].n_params > 0 || s->norm >= 0;
        for (int i = 0; i < s->n_inputs; i++)
            any |= p->has_params[s->inputs[i]];
        p->has_params[s->out] = any || (s->addend >= 0 && p->has_params[s->addend]);
    }
}

static int new_value(const planner *p, int of) {
    p->g->tensor_of_value[p->g->n_values] = of;
    return p->g->n_values++;
}

/* The ReLU that gates the gradient of a tensor once its last part has come, or -1. */
static int gate_of(const planner *p, int of) {
    int producer = p->l->tensors[of].producer;
    return p->remaining[of] == 0 && producer >= 0 && p->l->steps[producer].relu ? producer : -1;
}

/* One reader's part of a tensor's gradient: value `from` itself (step -1), or what the step computes of it for its input. */
static void send(const planner *p, int of, int step_index, int input, int from) {
    p->remaining[of]--;
    int gate = gate_of(p, of);
    if (step_index < 0 && p->sum[of] < 0 && gate < 0) {
        p->sum[of] = from;
        return;
    }
    p->g->ops[p->g->n_ops++] = (gradient_op){.step = step_index,
                                             .input = input,
                                             .from = from,
                                             .addend = p->sum[of],
                                             .gate = gate,
                                             .to = p->g->n_values,
                                             .tensor = of,
                                             .for_input = !p->has_params[of]};
    p->sum[of] = new_value(p, of);
}

static void send_back(const planner *p, int k) {
    const step *s = &p->l->steps[k];
    int from = p->sum[s->out];
    p->g->value_of_step[k] = from;
    if (s->addend >= 0) send(p, s->addend, -1, 0, from);
    for (int i = 0; i < s->n_inputs; i++) {
        bool passes = s->op->traits & LAYER_PASSES_GRADIENT;
        send(p, s->inputs[i], passes ? -1 : k, i, from);
    }
}

status plan_gradient(const lowering *l, arena *memory, gradient_plan *out, err *e) {
    size_t tensors = (size_t)l->n_tensors, steps = (size_t)l->n_steps, most = (size_t)l->n_outputs;
    *out = (gradient_plan){0};
    planner p = {.l = l,
                 .g = out,
                 .remaining = arena_array(memory, tensors, sizeof(int)),
                 .sum = arena_array(memory, tensors, sizeof(int)),
                 .has_params = arena_array(memory, tensors, sizeof(bool))};
    for (size_t t = 0; t < tensors; t++)
        most += (size_t)l->tensors[t].uses;
    out->ops = arena_array(memory, most, sizeof *out->ops);
    out->tensor_of_value = arena_array(memory, most + 1, sizeof(int));
    out->first_op = arena_array(memory, steps + 1, sizeof(int));
    out->count_op = arena_array(memory, steps + 1, sizeof(int));
    out->value_of_step = arena_array(memory, steps + 1, sizeof(int));
    if (!p.remaining || !p.sum || !p.has_params || !out->ops || !out->tensor_of_value || !out->first_op ||
        !out->count_op || !out->value_of_step)
        return err_set(e, STATUS_NO_MEMORY, "no memory to plan gradients");
    for (size_t t = 0; t < tensors; t++) {
        p.remaining[t] = l->tensors[t].uses;
        p.sum[t] = -1;
    }
    find_params(&p);
    for (int i = 0; i < l->n_outputs; i++)
        new_value(&p, l->outputs[i]);
    for (int i = 0; i < l->n_outputs; i++)
        send(&p, l->outputs[i], -1, 0, i);
    for (int k = l->n_steps - 1; k >= 0; k--) {
        out->first_op[k] = out->n_ops;
        send_back(&p, k);
        out->count_op[k] = out->n_ops - out->first_op[k];
    }
    out->input_value = p.sum[0];
    return STATUS_OK;
}
