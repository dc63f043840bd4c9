/* Interval bounds (Gowal et al. 2018): affine nodes as centre +- |W| radius, monotone ones at both ends. */
#include <math.h>

#include "attacks/certify/bounds_internal.h"

#define OWN_ROUNDING 0x1p-20 /* of the error of float32, for that of our own double: see bounds_internal.h */
#define FUNCTION_ROUNDING 0x1p-20 /* relative, of exp and tanh in float32 */

void box_settle(box *x, int n) {
    for (int i = 0; i < n; i++) {
        x->mid[i] = (x->lo[i] + x->hi[i]) / 2;
        x->rad[i] = (x->hi[i] - x->lo[i]) / 2;
        x->most[i] = fmax(fabs(x->lo[i]), fabs(x->hi[i])) + x->error[i];
    }
}

static void affine_value(bound_work *w, const bound_node *b, int o) {
    int channel = o % b->out.c;
    double mid = b->bias ? b->bias[channel] : 0, rad = 0, error = 0,
           most = b->bias ? b->bias_size[channel] : 0;
    for (int i = 0; i < b->n_inputs; i++) {
        const box *in = &w->boxes[b->inputs[i]];
        b->op->taps(b, i, o, &w->t);
        for (int k = 0; k < w->t.n; k++) {
            int at = w->t.at[k];
            double weight = w->t.weight[k], size = fabs(weight);
            mid += weight * in->mid[at];
            rad += size * in->rad[at];
            error += size * in->error[at];
            most += size * in->most[at];
        }
    }
    box *out = &w->boxes[b->index];
    out->error[o] = error + b->rounding * most;
    out->lo[o] = mid - rad - OWN_ROUNDING * out->error[o];
    out->hi[o] = mid + rad + OWN_ROUNDING * out->error[o];
}

static void max_value(bound_work *w, const bound_node *b, int o) {
    const box *in = &w->boxes[b->inputs[0]];
    box *out = &w->boxes[b->index];
    b->op->taps(b, 0, o, &w->t);
    out->lo[o] = out->hi[o] = -INFINITY;
    out->error[o] = 0;
    for (int k = 0; k < w->t.n; k++) {
        int at = w->t.at[k];
        out->lo[o] = fmax(out->lo[o], in->lo[at]);
        out->hi[o] = fmax(out->hi[o], in->hi[at]);
        out->error[o] = fmax(out->error[o], in->error[at]);
    }
}

static void monotone_value(bound_work *w, const bound_node *b, int o) {
    const box *in = &w->boxes[b->inputs[0]];
    box *out = &w->boxes[b->index];
    const layer_config *c = &b->node->config;
    double lo = b->op->value(c, in->lo[o]), hi = b->op->value(c, in->hi[o]);
    out->error[o] = b->op->steepest(c) * in->error[o] + FUNCTION_ROUNDING * fmax(fabs(lo), fabs(hi));
    out->lo[o] = lo - OWN_ROUNDING * out->error[o];
    out->hi[o] = hi + OWN_ROUNDING * out->error[o];
}

static void relu_value(bound_work *w, const bound_node *b, int o) {
    const box *in = &w->boxes[b->inputs[0]];
    box *out = &w->boxes[b->index];
    out->lo[o] = fmax(in->lo[o], 0);
    out->hi[o] = fmax(in->hi[o], 0);
    out->error[o] = in->error[o];
}

void interval_node(bound_work *w, int k) {
    static void (*const values[])(bound_work *, const bound_node *, int) = {
        [BOUND_AFFINE] = affine_value,
        [BOUND_RELU] = relu_value,
        [BOUND_MONOTONE] = monotone_value,
        [BOUND_MAX] = max_value,
    };
    const bound_node *b = &w->b->nodes[k];
    for (int o = 0; o < b->size; o++)
        values[b->op->kind](w, b, o);
    for (int o = 0; w->b->real && o < b->size; o++)
        w->boxes[k].error[o] = 0;
    box_settle(&w->boxes[k], b->size);
}
