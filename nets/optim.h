/* Optimisers: loops over flat arrays. */
#ifndef NETS_OPTIM_H
#define NETS_OPTIM_H

#include "nets/net.h"

/* X(code, name, state arrays of n_trainable floats) */
#define OPTIM_LIST(X)                                                                                                  \
    X(OPTIM_SGD, "sgd", 1)                                                                                             \
    X(OPTIM_NESTEROV, "nesterov", 1)                                                                                   \
    X(OPTIM_ADAMW, "adamw", 2)

typedef enum optim_kind {
#define OPTIM_ENUM(code, name, arrays) code,
    OPTIM_LIST(OPTIM_ENUM)
#undef OPTIM_ENUM
} optim_kind;

typedef struct optim {
    optim_kind kind;
    double momentum;                 /* sgd, nesterov */
    double beta1, beta2, eps;        /* adamw */
    double weight_decay;             /* on weights only, never on biases and norm parameters (by kind, not by name) */
    float *state;                    /* arrays x n_trainable, owned; zeros */
    unsigned char *decays;           /* per parameter of the net: 1 = decayed; owned */
    long step;
} optim;

MUST_CHECK status optim_new(optim_kind kind, const net *n, optim *out, err *e); /* momentum .9, betas .9 .999, eps 1e-8, decay 5e-4 */
void optim_free(optim *o);
MUST_CHECK status optim_parse(const char *name, optim_kind *out, err *e);
const char *optim_name(optim_kind k);

/* One step with rate lr, in parallel over fixed ranges; raises w->version. Never stops half-way: r's cancel flag is not looked at.
 * PyTorch's formulas: SGD g += wd*w; v = mu*v + g (v = g at the first step); w -= lr*v, Nesterov w -= lr*(g + mu*v). AdamW
 * (Loshchilov & Hutter 2019): w *= 1 - lr*wd first; bias-corrected; eps outside the root; `momentum` is not used. */
MUST_CHECK status optim_step(optim *o, const net *n, weights *w, const float *grad, double lr, double momentum, const run *r);

#endif
