/* Optimisers: loops over flat arrays. */
#ifndef NETS_OPTIM_H
#define NETS_OPTIM_H

#include "nets/net.h"

/* X(code, name, state arrays of n_trainable floats, a learning rate to begin with, what) */
#define OPTIM_LIST(X)                                                                                                  \
    X(OPTIM_SGD, "sgd", 1, 0.05, "gradient descent with momentum")                                                     \
    X(OPTIM_NESTEROV, "nesterov", 1, 0.05, "gradient descent with Nesterov's momentum")                                \
    X(OPTIM_ADAMW, "adamw", 2, 0.002, "Adam with decoupled weight decay (Loshchilov & Hutter 2019)")                   \
    X(OPTIM_RMSPROP, "rmsprop", 2, 0.0005, "steps over the root of their mean square, with momentum")                  \
    X(OPTIM_LARS, "lars", 1, 10, "momentum with a rate per layer in proportion to its weights (You et al. 2017)")      \
    X(OPTIM_MUON, "muon", 2, 0.005, "momentum made orthogonal, matrix by matrix (Jordan et al. 2024); AdamW elsewhere")

typedef enum optim_kind {
#define OPTIM_ENUM(code, name, ...) code,
    OPTIM_LIST(OPTIM_ENUM)
#undef OPTIM_ENUM
    OPTIM_KINDS
} optim_kind;

typedef struct muon_matrix muon_matrix;

typedef struct optim {
    optim_kind kind;
    double beta1, beta2, eps;        /* adamw and muon's adamw; rmsprop: eps */
    double alpha;                    /* rmsprop: decay of the mean square, .99 */
    double trust;                    /* lars: share of a layer's norm that a step of rate 1 moves it, .001 */
    double weight_decay;             /* on weights only, never on biases and norm parameters (by kind, not by name) */
    const float *rates;              /* per parameter of the net: factor on the rate; 0 leaves it untouched; NULL: all 1; not owned */
    float *state;                    /* n_state floats, owned; zeros */
    size_t n_state;                  /* arrays x n_trainable */
    unsigned char *decays;           /* per parameter of the net: 1 = decayed; owned */
    double *trusts;                  /* lars: per parameter, the factor of this step; owned */
    unsigned char *turned;           /* muon: per parameter, 1 = a matrix to be made orthogonal; owned */
    muon_matrix *matrices;           /* muon: the n_matrices of them; owned */
    int n_matrices;
    float *work;                     /* muon: memory of a step, owned */
    long step;
} optim;

/* Betas .9 .999, eps 1e-8, decay 5e-4. State and step are all that a continued training needs. */
MUST_CHECK status optim_new(optim_kind kind, const net *n, optim *out, err *e);
void optim_free(optim *o);
MUST_CHECK status optim_parse(const char *name, optim_kind *out, err *e);
const char *optim_name(optim_kind k);
double optim_usual_rate(optim_kind k); /* a learning rate to begin with */

/* One step with rate lr, in parallel over fixed ranges; raises w->version. Never stops half-way: r's cancel flag is not looked at.
 *
 * sgd, nesterov: PyTorch's. g += wd*w; v = mu*v + g (v = g at the first step); w -= lr*v, Nesterov w -= lr*(g + mu*v).
 * adamw: PyTorch's. w *= 1 - lr*wd first; bias-corrected; eps outside the root; `momentum` is not used.
 * rmsprop: PyTorch's. g += wd*w; s = alpha*s + (1-alpha)*g^2; v = mu*v + g / (sqrt(s) + eps); w -= lr*v.
 * lars: You, Gitman & Ginsburg 2017, algorithm 1. v = mu*v + lr*k*(g + wd*w); w -= v with k = trust*|w| / (|g| + wd*|w|) for each weight;
 *   biases and norm parameters, and weights or gradients of norm 0, have k = 1, the first two no decay.
 * muon: weights of convolutions (flattened to a matrix, [kh*kw*in][out]) and linear layers, except those that make the logits of the net or of an
 *   auxiliary head: v += (1-mu)*(g - v); u = g + mu*(v - g); five Newton-Schulz steps X' = a*X + (b*A + c*A*A)*X with A = X*X^T and a, b, c =
 *   3.4445, -4.7750, 2.0315 from X = u / (|u| + 1e-7) drive its singular values towards 1; w *= 1 - lr*wd;
 *   w -= lr * 0.2*sqrt(max(rows, columns)) * X, which is as long as AdamW's steps, so that one rate serves both (Liu et al. 2025). All
 *   other parameters - logits, biases, norms - by adamw with the same rate. */
MUST_CHECK status optim_step(optim *o, const net *n, weights *w, const float *grad, double lr, double momentum, const run *r);

#endif
