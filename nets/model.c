#include "nets/model.h"

#include <stdio.h>
#include <stdlib.h>

status model_forward(model *m, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    return m->ops->forward(m->self, worker, n, x, keep, logits, e);
}

status model_forward_drawn(model *m, int worker, int n, const float *x, const model_draws *draws, bool keep,
                           float *logits, err *e) {
    if (!model_is_random(m)) return model_forward(m, worker, n, x, keep, logits, e);
    return m->ops->forward_drawn(m->self, worker, n, x, draws, keep, logits, e);
}

bool model_is_random(const model *m) {
    return m->ops->forward_drawn != NULL;
}

int model_votes(const model *m) {
    return model_is_random(m) && m->votes > 1 ? m->votes : 1;
}

status model_vjp(model *m, int worker, int n, const float *dlogits, float *dx, err *e) {
    if (!m->ops->vjp) return err_set(e, STATUS_UNSUPPORTED, "the model %s gives no gradients", m->arch);
    return m->ops->vjp(m->self, worker, n, dlogits, dx, e);
}

bool model_has_gradient(const model *m) {
    return m->ops->vjp != NULL;
}

run model_run(const model *m, const run *r) {
    run own = *r;
    int most = m->thread_safe ? m->workers : 1;
    if (own.threads > most) own.threads = most;
    return own;
}

int tile_count(const model *m, int n) {
    return (n + m->tile - 1) / m->tile;
}

int tile_rows(const model *m, int n, int tile) {
    int left = n - tile * m->tile;
    return left < m->tile ? left : m->tile;
}

void model_free(model *m) {
    if (m && m->ops->free) m->ops->free(m->self);
}

typedef struct net_model {
    model model;
    session *session;
} net_model;

static status net_forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    net_model *m = self;
    return keep ? session_forward(m->session, worker, n, x, logits, e)
                : session_infer(m->session, worker, n, x, logits, e);
}

static status net_vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    net_model *m = self;
    return session_input_grad(m->session, worker, n, dlogits, dx, e);
}

static void net_model_free(void *self) {
    net_model *m = self;
    session_free(m->session);
    free(m);
}

static const model_ops infer_ops = {.forward = net_forward, .free = net_model_free};
static const model_ops gradient_ops = {.forward = net_forward, .vjp = net_vjp, .free = net_model_free};

status model_of_net(const net *n, const weights *w, bool gradient, const run *r, model **out, err *e) {
    *out = NULL;
    net_model *m = calloc(1, sizeof *m);
    if (!m) return err_set(e, STATUS_NO_MEMORY, "no memory for a model");
    m->model = (model){.ops = gradient ? &gradient_ops : &infer_ops,
                       .self = m,
                       .input = n->input,
                       .classes = n->classes,
                       .workers = r->threads,
                       .tile = SESSION_TILE,
                       .thread_safe = true,
                       .parameters = (int64_t)n->n_trainable,
                       .flops = net_flops(n)};
    snprintf(m->model.arch, sizeof m->model.arch, "%s", n->arch);
    status s = session_new(n, w, gradient ? SESSION_INFER | SESSION_INPUT_GRAD : SESSION_INFER, 0, r,
                           &m->session, e);
    if (s == STATUS_OK)
        *out = &m->model;
    else
        free(m);
    return s;
}
