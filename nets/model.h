/* A model: what attacks, audits and explanations see. A net with weights, a C callback, later an imported file or an external process:
 * all answer these few questions, and nobody asks how. */
#ifndef NETS_MODEL_H
#define NETS_MODEL_H

#include "core/sha256.h"
#include "nets/session.h"

typedef struct model model;

/* Everything that depends on the kind of model. `worker` in 0..workers-1; calls with different workers may run at once if thread_safe. Inputs
 * are [0,1] pixels of the model's input shape, NHWC; n <= tile. */
typedef struct model_ops {
    status (*forward)(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e);
    status (*vjp)(void *self, int worker, int n, const float *dlogits, float *dx, err *e); /* NULL: no gradient; after forward with keep */
    void (*free)(void *self);
} model_ops;

struct model {
    const model_ops *ops;
    void *self;
    shape input;
    int classes;
    int workers, tile;
    bool thread_safe, deterministic;
    const char *const *class_names;  /* `classes` texts, or NULL */
    char arch[64];
    int64_t parameters, flops;
    char sha256[SHA256_HEX];         /* of the file, or "" */
};

/* Logits of n <= m->tile samples; with keep the next model_vjp of this worker is possible. */
MUST_CHECK status model_forward(model *m, int worker, int n, const float *x, bool keep, float *logits, err *e);
MUST_CHECK status model_vjp(model *m, int worker, int n, const float *dlogits, float *dx, err *e);
bool model_has_gradient(const model *m);
void model_free(model *m); /* frees self through ops, and the model's own memory if model_of_net made it */

/* A net as a model; `gradient` plans memory for vjp too. Keeps pointers to net and weights. */
MUST_CHECK status model_of_net(const net *n, const weights *w, bool gradient, const run *r, model **out, err *e);

#endif
