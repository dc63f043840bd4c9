#include "nets/optim.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "nets/optim_internal.h"
#include "nets/ranges_internal.h"

static const struct {
    const char *name;
    int arrays;
    double rate;
} optim_table[] = {
#define OPTIM_ROW(code, name, arrays, rate, what) {name, arrays, rate},
    OPTIM_LIST(OPTIM_ROW)
#undef OPTIM_ROW
};

status optim_parse(const char *name, optim_kind *out, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < OPTIM_KINDS; i++) {
        suggest_offer(&near, optim_table[i].name);
        if (strcmp(name, optim_table[i].name) != 0) continue;
        *out = (optim_kind)i;
        return STATUS_OK;
    }
    *out = OPTIM_SGD;
#define OPTIM_LISTED(code, text, ...) " " text
    return err_set(e, STATUS_USAGE, "optimiser \"%s\" is not known%s; there are:" OPTIM_LIST(OPTIM_LISTED),
                   name, suggest_text(&near));
#undef OPTIM_LISTED
}

const char *optim_name(optim_kind k) {
    return optim_table[k].name;
}

double optim_usual_rate(optim_kind k) {
    return optim_table[k].rate;
}

static status no_memory(const optim *o, err *e) {
    return err_set(e, STATUS_NO_MEMORY, "no memory for the state of %s: %zu floats", optim_name(o->kind),
                   o->n_state);
}

static status allocate(const net *n, optim *o, err *e) {
    size_t size, params = n->n_params ? (size_t)n->n_params : 1;
    if (!size_multiply((size_t)optim_table[o->kind].arrays, n->n_trainable, &o->n_state) ||
        !size_multiply(o->n_state, sizeof *o->state, &size))
        return no_memory(o, e);
    o->state = alloc_aligned(size ? size : 1);
    o->decays = malloc(params);
    o->turned = calloc(params, 1);
    o->trusts = malloc(params * sizeof *o->trusts);
    if (!o->state || !o->decays || !o->turned || !o->trusts) return no_memory(o, e);
    memset(o->state, 0, size);
    for (int i = 0; i < n->n_params; i++) {
        o->decays[i] = n->params[i].info.kind == PARAM_WEIGHT;
        o->trusts[i] = 1;
    }
    return STATUS_OK;
}

status optim_new(optim_kind kind, const net *n, optim *out, err *e) {
    *out = (optim){.kind = kind,
                   .beta1 = 0.9,
                   .beta2 = 0.999,
                   .eps = 1e-8,
                   .alpha = 0.99,
                   .trust = 0.001,
                   .weight_decay = 5e-4};
    status s = allocate(n, out, e);
    if (s == STATUS_OK && kind == OPTIM_MUON) s = muon_new(n, out, e);
    if (s != STATUS_OK) optim_free(out);
    return s;
}

void optim_free(optim *o) {
    free(o->state);
    free(o->decays);
    free(o->turned);
    free(o->trusts);
    free(o->matrices);
    free(o->work);
    *o = (optim){0};
}

static void update_range(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)chunk;
    const optim_job *job = context;
    const optim *o = job->optim;
    if (o->turned[p]) return;
    double rate = job->lr * optim_rate(o, p) * o->trusts[p], decay = optim_decay(o, p);
    float *w = job->w + lo, *first = o->state + lo;
    const float *grad = job->grad + lo;
    size_t n = hi - lo, next = job->net->n_trainable;
    switch (o->kind) {
    case OPTIM_SGD:
    case OPTIM_NESTEROV:
        sgd_range(n, w, first, grad, rate, job->momentum, decay, o->kind == OPTIM_NESTEROV);
        return;
    case OPTIM_RMSPROP:
        rmsprop_range(o, n, w, first, first + next, grad, rate, job->momentum, decay);
        return;
    case OPTIM_LARS:
        lars_range(n, w, first, grad, rate, job->momentum, decay);
        return;
    case OPTIM_ADAMW:
    case OPTIM_MUON:
        adamw_range(o, n, w, first, first + next, grad, rate, decay);
        return;
    case OPTIM_KINDS:
        return;
    }
}

status optim_step(optim *o, const net *n, weights *w, const float *grad, double lr, double momentum,
                  const run *r) {
    run whole = *r;
    whole.cancel = NULL; /* half a step is worse than a late answer to Ctrl-C */
    o->step++;
    w->version++;
    optim_job job = {o, n, w->data, grad, lr, momentum, &whole};
    status s = o->kind == OPTIM_LARS ? lars_trusts(&job) : STATUS_OK;
    if (s == STATUS_OK) s = muon_step(&job);
    if (s != STATUS_OK) return s;
    return for_moving_ranges(n, o->rates, r, update_range, &job);
}
