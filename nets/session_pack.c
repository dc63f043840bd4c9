/* Weights as kernels want them: batch norms folded in, laid out for each pass. */
#include <string.h>

#include "nets/batch_norm_internal.h"
#include "nets/session_internal.h"

const float *step_param(const lowering *l, int node, int i, const weights *w) {
    const net_node *n = &l->net->nodes[node];
    return i < n->n_params ? w->data + l->net->params[n->params[i]].offset : NULL;
}

void step_params(const lowering *l, int node, const weights *w, const float *params[LAYER_MOST_PARAMS]) {
    for (int i = 0; i < LAYER_MOST_PARAMS; i++)
        params[i] = step_param(l, node, i, w);
}

static void *take(packing *p, arena *memory, size_t bytes) {
    p->bytes += bytes;
    return arena_alloc(memory, bytes);
}

static size_t weight_count(const lowering *l, const step *s) {
    return l->net->params[l->net->nodes[s->node].params[0]].size;
}

static status plan_step(const lowering *l, int k, bool backward, arena *memory, packing *p, err *e) {
    const step *s = &l->steps[k];
    packed_step *packed = &p->steps[k];
    if (!(s->op->traits & LAYER_FUSES)) return STATUS_OK;
    if (l->training && s->op->batch_run) return STATUS_OK; /* reads the weights as they are */
    bool fine = true;
    if (!l->training && s->norm >= 0) {
        packed->folded = take(p, memory, weight_count(l, s) * sizeof(float));
        packed->folded_bias = take(p, memory, 2 * (size_t)s->view.out.c * sizeof(float));
        fine = packed->folded && packed->folded_bias;
    }
    for (int pass = LAYER_FORWARD; pass <= (backward ? LAYER_BACKWARD_DATA : LAYER_FORWARD); pass++) {
        size_t bytes = s->op->pack_bytes(&s->view, (layer_pass)pass);
        if (!bytes) continue;
        packed->own[pass] = take(p, memory, bytes);
        fine &= packed->own[pass] != NULL;
    }
    return fine ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for packed weights");
}

status packing_new(const lowering *l, bool backward, arena *memory, packing *out, err *e) {
    *out = (packing){.steps = arena_array(memory, (size_t)l->n_steps + 1, sizeof *out->steps)};
    if (!out->steps) return err_set(e, STATUS_NO_MEMORY, "no memory for packed weights");
    status s = STATUS_OK;
    for (int k = 0; k < l->n_steps && s == STATUS_OK; k++)
        s = plan_step(l, k, backward, memory, out, e);
    return s;
}

/* The channel of weight i is i % channels in a convolution (HWIO) and i / inputs in a linear layer. */
static void fold_norm(const lowering *l, const step *s, const weights *w, packed_step *packed) {
    const float *norm[LAYER_MOST_PARAMS], *from = step_param(l, s->node, 0, w),
                                          *bias = step_param(l, s->node, 1, w);
    size_t channels = (size_t)s->view.out.c, n = weight_count(l, s), inputs = n / channels;
    bool channel_last = !(s->op->traits & LAYER_ROWS);
    float *scale = packed->folded_bias + channels;
    step_params(l, s->norm, w, norm);
    norm_affine(norm, l->net->nodes[s->norm].config.eps, (int)channels, scale, packed->folded_bias);
    for (size_t i = 0; i < n; i++)
        packed->folded[i] = from[i] * scale[channel_last ? i % channels : i / inputs];
    for (size_t c = 0; bias && c < channels; c++)
        packed->folded_bias[c] += bias[c] * scale[c];
    packed->bias = packed->folded_bias;
}

void pack_step(const lowering *l, packing *p, layer_pass pass, int k, const weights *w) {
    const step *s = &l->steps[k];
    packed_step *packed = &p->steps[k];
    if (!(s->op->traits & LAYER_FUSES)) return;
    const float *from = step_param(l, s->node, 0, w);
    if (packed->folded) {
        if (pass == LAYER_FORWARD) fold_norm(l, s, w, packed);
        from = packed->folded;
    } else {
        packed->bias = step_param(l, s->node, 1, w);
    }
    if (packed->own[pass]) s->op->pack(&s->view, pass, from, packed->own[pass]);
    packed->weights[pass] = packed->own[pass] ? packed->own[pass] : from;
}
