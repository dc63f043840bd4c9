/* Cross entropy of clean images: the plain objective. */
#include <stdlib.h>

#include "core/arena.h"
#include "nets/loss.h"
#include "nets/train.h"

typedef struct plain {
    session *session;
    int classes;
    float *logits, *dlogits; /* batch x classes each */
} plain;

static void plain_free(void *self) {
    plain *p = self;
    if (!p) return;
    session_free(p->session);
    free(p->logits);
    free(p->dlogits);
    free(p);
}

/* Losses in row order, so that the sum does not depend on threads; 10 exponentials a row are nothing beside
 * the net. */
static void logits_gradient(plain *p, const batch *b, batch_result *result) {
    for (int i = 0; i < b->n; i++) {
        size_t at = (size_t)i * (size_t)p->classes;
        float *dz = p->dlogits + at;
        float loss = cross_entropy_soft(p->logits + at, p->classes, b->targets + at, dz);
        result->loss += (double)b->loss_weights[i] * (double)loss;
        result->correct += logits_correct(p->logits + at, p->classes, b->labels[i]);
        float share = b->loss_weights[i] / (float)b->n;
        for (int k = 0; k < p->classes; k++) {
            dz[k] *= share;
        }
    }
}

static status plain_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                               err *e) {
    plain *p = self;
    train_context c = {.ids = b->ids, .epoch = b->epoch, .step = b->step, .update_statistics = true};
    *result = (batch_result){0};
    status s = session_train_forward(p->session, w, b->n, b->x, &c, p->logits, e);
    if (s != STATUS_OK) return s;
    logits_gradient(p, b, result);
    return session_train_backward(p->session, w, b->n, p->dlogits, grad, NULL, e);
}

status objective_plain(const net *n, const weights *w, int most, const run *r, objective *out, err *e) {
    run whole = *r;
    whole.cancel = NULL; /* a step is finished, never left half-way: train() looks between steps */
    *out = (objective){0};
    plain *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    p->classes = n->classes;
    status s = session_new(n, w, SESSION_TRAIN, most, &whole, &p->session, e);
    if (s == STATUS_OK) {
        size_t size = (size_t)most * (size_t)n->classes * sizeof(float);
        p->logits = alloc_aligned(size);
        p->dlogits = alloc_aligned(size);
        if (!p->logits || !p->dlogits) {
            s = err_set(e, STATUS_NO_MEMORY, "no memory for the logits of %d samples", most);
        }
    }
    if (s != STATUS_OK) {
        plain_free(p);
        return s;
    }
    *out = (objective){.name = "plain", .self = p, .accumulate = plain_accumulate, .free = plain_free};
    return STATUS_OK;
}
