#include "nets/session.h"

#include <stdlib.h>

#include "core/blas.h"
#include "nets/session_internal.h"

struct session {
    tile_session *tile;
    train_session *train;
};

status session_new(const net *n, const weights *w, int modes, int batch, const run *r, session **out,
                   err *e) {
    *out = NULL;
    status s = kernel_available(r->kernel, e);
    if (s != STATUS_OK) return s;
    if (w->n != n->n_floats)
        return err_set(e, STATUS_INTERNAL, "%zu weights for a net of %zu", w->n, n->n_floats);
    session *new = calloc(1, sizeof *new);
    if (!new) return err_set(e, STATUS_NO_MEMORY, "no memory for a session");
    blas_single_thread();
    if (modes & (SESSION_INFER | SESSION_INPUT_GRAD))
        s = tile_new(n, w, modes & SESSION_INPUT_GRAD, r, &new->tile, e);
    if (s == STATUS_OK && modes & SESSION_TRAIN) s = train_new(n, batch, r, &new->train, e);
    if (s == STATUS_OK)
        *out = new;
    else
        session_free(new);
    return s;
}

void session_free(session *s) {
    if (!s) return;
    tile_free(s->tile);
    train_free(s->train);
    free(s);
}

size_t session_bytes(const session *s) {
    return (s->tile ? tile_bytes(s->tile) : 0) + (s->train ? train_bytes(s->train) : 0);
}

void session_refresh(session *s) {
    if (s->tile) tile_refresh(s->tile);
}

static status not_planned(err *e, const char *mode) {
    return err_set(e, STATUS_INTERNAL, "the session was not made for %s", mode);
}

status session_infer(session *s, int worker, int n, const float *x, float *logits, err *e) {
    return s->tile ? tile_forward(s->tile, worker, n, x, false, logits, e) : not_planned(e, "inference");
}

status session_forward(session *s, int worker, int n, const float *x, float *logits, err *e) {
    return s->tile && tile_has_gradient(s->tile) ? tile_forward(s->tile, worker, n, x, true, logits, e)
                                                 : not_planned(e, "input gradients");
}

status session_input_grad(session *s, int worker, int n, const float *dlogits, float *dx, err *e) {
    return s->tile && tile_has_gradient(s->tile) ? tile_input_grad(s->tile, worker, n, dlogits, dx, e)
                                                 : not_planned(e, "input gradients");
}

status session_train_forward(session *s, weights *w, int n, const float *x, const train_context *c,
                             float *logits, err *e) {
    return s->train ? train_forward(s->train, w, n, x, c, logits, e) : not_planned(e, "training");
}

status session_train_backward(session *s, const weights *w, int n, const float *dlogits, float *grad,
                              float *dx, err *e) {
    return s->train ? train_backward(s->train, w, n, dlogits, grad, dx, e) : not_planned(e, "training");
}
