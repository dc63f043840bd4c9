/* The loss of clean images: the plain objective. */
#include <stdlib.h>

#include "core/arena.h"
#include "nets/loss_batch.h"

typedef struct plain {
    session *session;
    int classes, n_aux;
    float *logits, *dlogits;         /* (1 + n_aux) x batch x classes each */
    float *losses;                   /* batch */
    float groups[TRAIN_MOST_GROUPS]; /* q of group DRO */
} plain;

static void plain_free(void *self) {
    plain *p = self;
    if (!p) return;
    session_free(p->session);
    free(p->logits);
    free(p->dlogits);
    free(p->losses);
    free(p);
}

static status plain_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                               err *e) {
    plain *p = self;
    train_context c = {.ids = b->ids,
                       .epoch = b->epoch,
                       .step = b->step,
                       .update_statistics = b->update_statistics,
                       .frozen_norm = b->options && b->options->frozen_norm};
    *result = (batch_result){0};
    status s = session_train_forward(p->session, w, b->n, b->x, &c, p->logits, e);
    if (s != STATUS_OK) return s;
    batch_loss(b, p->classes, p->n_aux, p->logits, p->groups, p->losses, p->dlogits, result);
    return session_train_backward(p->session, w, b->n, p->dlogits, grad, b->dx, e);
}

static status allocate(plain *p, int most, err *e) {
    size_t heads = (size_t)most * (size_t)(1 + p->n_aux), size;
    if (size_multiply(heads * sizeof(float), (size_t)p->classes, &size)) {
        p->logits = alloc_aligned(size);
        p->dlogits = alloc_aligned(size);
        p->losses = malloc((size_t)most * sizeof *p->losses);
    }
    if (p->logits && p->dlogits && p->losses) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for the logits of %d samples", most);
}

status objective_plain(const net *n, const weights *w, int most, const run *r, objective *out, err *e) {
    run whole = *r;
    whole.cancel = NULL; /* a step is finished, never left half-way: train() looks between steps */
    *out = (objective){0};
    plain *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    p->classes = n->classes;
    p->n_aux = n->n_aux;
    status s = session_new(n, w, SESSION_TRAIN, most, &whole, &p->session, e);
    if (s == STATUS_OK) s = allocate(p, most, e);
    if (s != STATUS_OK) {
        plain_free(p);
        return s;
    }
    *out = (objective){.name = "plain",
                       .self = p,
                       .accumulate = plain_accumulate,
                       .free = plain_free,
                       .state = p->groups,
                       .n_state = TRAIN_MOST_GROUPS};
    return STATUS_OK;
}
