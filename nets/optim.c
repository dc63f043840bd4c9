#include "nets/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/parallel.h"
#include "core/suggest.h"

static const struct {
    const char *name;
    int arrays;
} optim_table[] = {
#define OPTIM_ROW(code, name, arrays) {name, arrays},
    OPTIM_LIST(OPTIM_ROW)
#undef OPTIM_ROW
};

enum { OPTIMS = sizeof optim_table / sizeof *optim_table };

/* Floats a chunk updates: small enough to share among threads, large enough not to be felt. */
enum { CHUNK = 1 << 15 };

status optim_parse(const char *name, optim_kind *out, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < OPTIMS; i++) {
        suggest_offer(&near, optim_table[i].name);
        if (strcmp(name, optim_table[i].name) != 0) continue;
        *out = (optim_kind)i;
        return STATUS_OK;
    }
    *out = OPTIM_SGD;
#define OPTIM_LISTED(code, text, arrays) " " text
    return err_set(e, STATUS_USAGE, "optimiser \"%s\" is not known%s; there are:" OPTIM_LIST(OPTIM_LISTED),
                   name, suggest_text(&near));
#undef OPTIM_LISTED
}

const char *optim_name(optim_kind k) {
    return optim_table[k].name;
}

status optim_new(optim_kind kind, const net *n, optim *out, err *e) {
    *out = (optim){
        .kind = kind, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 5e-4};
    size_t floats, size;
    if (!size_multiply((size_t)optim_table[kind].arrays, n->n_trainable, &floats) ||
        !size_multiply(floats, sizeof *out->state, &size)) {
        return err_set(e, STATUS_NO_MEMORY, "no memory for the state of %s: too many parameters",
                       optim_name(kind));
    }
    out->state = alloc_aligned(size ? size : 1);
    out->decays = malloc(n->n_params ? (size_t)n->n_params : 1);
    if (!out->state || !out->decays) {
        optim_free(out);
        return err_set(e, STATUS_NO_MEMORY, "no memory for the state of %s: %zu bytes", optim_name(kind),
                       size);
    }
    memset(out->state, 0, size);
    for (int i = 0; i < n->n_params; i++) {
        out->decays[i] = n->params[i].info.kind == PARAM_WEIGHT;
    }
    return STATUS_OK;
}

void optim_free(optim *o) {
    free(o->state);
    free(o->decays);
    *o = (optim){0};
}

/* What one step of any kind needs, in the precision of the arrays. */
typedef struct step_job {
    const optim *optim;
    const net *net;
    float *w;
    const float *grad;
    double lr, momentum;
} step_job;

/* w, v, g: n floats. */
static void sgd_range(size_t n, float *w, float *v, const float *grad, float lr, float momentum, float decay,
                      bool nesterov) {
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + decay * w[i];
        v[i] = momentum * v[i] + g;
        w[i] -= lr * (nesterov ? g + momentum * v[i] : v[i]);
    }
}

/* w, m, v, g: n floats. Loshchilov & Hutter 2019, algorithm 2, with PyTorch's placing of the bias
 * corrections. */
static void adamw_range(const optim *o, size_t n, float *w, float *m, float *v, const float *grad, double lr,
                        double decay) {
    double correction1 = 1 - pow(o->beta1, (double)o->step), correction2 = 1 - pow(o->beta2, (double)o->step);
    float keep = (float)(1 - lr * decay), rate = (float)(lr / correction1), root2 = (float)sqrt(correction2);
    float beta1 = (float)o->beta1, beta2 = (float)o->beta2, eps = (float)o->eps;
    float rest1 = (float)(1 - o->beta1), rest2 = (float)(1 - o->beta2);
    for (size_t i = 0; i < n; i++) {
        float g = grad[i];
        m[i] = beta1 * m[i] + rest1 * g;
        v[i] = beta2 * v[i] + rest2 * g * g;
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) / root2 + eps);
    }
}

/* Floats [lo, hi) of the block of weights, all of one parameter. */
static void update_range(const step_job *job, size_t lo, size_t hi, double decay) {
    const optim *o = job->optim;
    float *first = o->state + lo;
    size_t n = hi - lo;
    if (o->kind == OPTIM_ADAMW) {
        adamw_range(o, n, job->w + lo, first, first + job->net->n_trainable, job->grad + lo, job->lr, decay);
    } else {
        sgd_range(n, job->w + lo, first, job->grad + lo, (float)job->lr, (float)job->momentum, (float)decay,
                  o->kind == OPTIM_NESTEROV);
    }
}

static status update_chunk(void *context, int chunk, int worker) {
    (void)worker;
    const step_job *job = context;
    size_t begin = (size_t)chunk * CHUNK, end = begin + CHUNK;
    for (int i = 0; i < job->net->n_params; i++) {
        const net_param *p = &job->net->params[i];
        size_t lo = p->offset > begin ? p->offset : begin;
        size_t hi = p->offset + p->size < end ? p->offset + p->size : end;
        if (hi > job->net->n_trainable) hi = job->net->n_trainable;
        if (lo < hi) update_range(job, lo, hi, job->optim->decays[i] ? job->optim->weight_decay : 0);
    }
    return STATUS_OK;
}

status optim_step(optim *o, const net *n, weights *w, const float *grad, double lr, double momentum,
                  const run *r) {
    run whole = *r;
    whole.cancel = NULL; /* half a step is worse than a late answer to Ctrl-C */
    o->step++;
    w->version++;
    step_job job = {o, n, w->data, grad, lr, momentum};
    return parallel_for(&whole, (int)((n->n_trainable + CHUNK - 1) / CHUNK), update_chunk, &job);
}
