/* Running the programs of training. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/parallel.h"
#include "nets/session_train_internal.h"

static status allocate(train_session *t, err *e) {
    size_t chunks = (size_t)((t->batch + TRAIN_CHUNK - 1) / TRAIN_CHUNK), partials, scratch;
    bool fine = size_multiply(chunks * sizeof(float), t->partial_floats, &partials) &&
                size_multiply(t->scratch_bytes, (size_t)t->r.threads, &scratch);
    if (fine) {
        t->partials = alloc_aligned(partials + MEMORY_ALIGNMENT);
        t->scratch = alloc_aligned(scratch);
        t->block = alloc_aligned(t->memory.bytes + MEMORY_ALIGNMENT);
    }
    if (!t->partials || !t->scratch || !t->block)
        return err_set(e, STATUS_NO_MEMORY,
                       "no memory to train on batches of %d (%zu MB): try a smaller batch", t->batch,
                       (t->memory.bytes + partials) >> 20);
    return STATUS_OK;
}

status train_new(const net *n, int batch, const run *r, train_session **out, err *e) {
    *out = NULL;
    if (batch < 1) return err_set(e, STATUS_USAGE, "a batch of %d, expected at least 1", batch);
    train_session *t = calloc(1, sizeof *t);
    if (!t) return err_set(e, STATUS_NO_MEMORY, "no memory for a session");
    t->r = *r;
    t->r.cancel = NULL; /* a step is whole or not begun: callers look for cancellation between steps */
    t->batch = batch;
    status s = lower(n, true, r->kernel, &t->arena, &t->l, e);
    if (s == STATUS_OK) s = plan_gradient(&t->l, &t->arena, &t->g, e);
    if (s == STATUS_OK) s = packing_new(&t->l, true, &t->arena, &t->packed, e);
    if (s == STATUS_OK) s = train_plan(t, e);
    if (s == STATUS_OK) s = allocate(t, e);
    if (s == STATUS_OK)
        *out = t;
    else
        train_free(t);
    return s;
}

void train_free(train_session *t) {
    if (!t) return;
    free(t->partials);
    free(t->scratch);
    free(t->block);
    arena_free(&t->arena);
    free(t);
}

size_t train_bytes(const train_session *t) {
    size_t chunks = (size_t)((t->batch + TRAIN_CHUNK - 1) / TRAIN_CHUNK);
    return t->memory.bytes + t->packed.bytes + t->scratch_bytes * (size_t)t->r.threads +
           chunks * t->partial_floats * sizeof(float);
}

typedef struct region {
    train_session *t;
    const train_op *first, *end;
} region;

static bool needed(const train_session *t, const train_op *o) {
    return !o->gradient || !o->gradient->for_input || t->wants_input;
}

static status run_region(void *context, int index, int worker) {
    const region *r = context;
    for (const train_op *o = r->first; o < r->end; o++) {
        if (!needed(r->t, o)) continue;
        double began = o->spent ? clock_seconds() : 0;
        o->run(r->t, o, index, worker);
        if (o->spent) *o->spent += clock_seconds() - began;
    }
    return STATUS_OK;
}

static status run_program(train_session *t, const train_program *p, err *e) {
    int chunks = (t->n + TRAIN_CHUNK - 1) / TRAIN_CHUNK;
    for (int j = 0; j < p->n;) {
        region r = {.t = t, .first = &p->ops[j]};
        while (j < p->n && p->ops[j].region == r.first->region)
            j++;
        r.end = &p->ops[j];
        int count = r.first->where == PER_CHUNK ? chunks : r.first->where == PER_TILE ? r.first->tiles : 1;
        status s = parallel_for(&t->r, count, run_region, &r);
        if (s != STATUS_OK) return err_set(e, s, "a training step failed");
    }
    return STATUS_OK;
}

status train_forward(train_session *t, weights *w, int n, const float *x, const train_context *c,
                     float *logits, err *e) {
    if (n < 1 || n > t->batch)
        return err_set(e, STATUS_INTERNAL, "a batch of %d, expected 1..%d", n, t->batch);
    t->w = w;
    t->n = n;
    t->context = *c;
    t->wants_input = true;
    memcpy(train_tensor(t, 0), x, (size_t)n * tensor_size(t, 0) * sizeof *x);
    status s = run_program(t, &t->forward, e);
    if (s != STATUS_OK) return s;
    size_t block = (size_t)n * (size_t)t->l.net->classes;
    for (int i = 0; i < t->l.n_outputs; i++)
        memcpy(logits + (size_t)i * block, train_tensor(t, t->l.outputs[i]), block * sizeof *logits);
    if (c->update_statistics && !c->frozen_norm) train_update_statistics(t, w);
    return STATUS_OK;
}

status train_backward(train_session *t, const weights *w, int n, const float *dlogits, float *grad, float *dx,
                      err *e) {
    if (n != t->n)
        return err_set(e, STATUS_INTERNAL, "gradients of %d samples after a forward pass of %d", n, t->n);
    t->w = w;
    t->grad = grad;
    t->wants_input = dx != NULL;
    size_t block = (size_t)n * (size_t)t->l.net->classes;
    for (int i = 0; i < t->l.n_outputs; i++)
        memcpy(train_value(t, i), dlogits + (size_t)i * block, block * sizeof *dlogits);
    status s = run_program(t, &t->backward, e);
    if (s == STATUS_OK && dx)
        memcpy(dx, train_value(t, t->g.input_value), (size_t)n * tensor_size(t, 0) * sizeof *dx);
    return s;
}
