/* What the optimisers share. Private to nets. */
#ifndef NETS_OPTIM_INTERNAL_H
#define NETS_OPTIM_INTERNAL_H

#include "nets/optim.h"

/* What one step of any kind needs. */
typedef struct optim_job {
    const optim *optim;
    const net *net;
    float *w;
    const float *grad;
    double lr, momentum;
    const run *run; /* without its cancel flag */
} optim_job;

/* The factor on the rate of parameter p. */
static inline double optim_rate(const optim *o, int p) {
    return o->rates ? (double)o->rates[p] : 1;
}

static inline double optim_decay(const optim *o, int p) {
    return o->decays[p] ? o->weight_decay : 0;
}

/* L2 norm, summed in double in one order. */
double floats_norm(const float *x, size_t n);

/* Rules for n floats of one parameter: w and its state are changed. `momentum` and `decay` as above. */
void sgd_range(size_t n, float *w, float *v, const float *grad, double rate, double momentum, double decay,
               bool nesterov);
void adamw_range(const optim *o, size_t n, float *w, float *m, float *v, const float *grad, double rate,
                 double decay);
void rmsprop_range(const optim *o, size_t n, float *w, float *square, float *v, const float *grad,
                   double rate, double momentum, double decay);
void lars_range(size_t n, float *w, float *v, const float *grad, double rate, double momentum, double decay);

/* Fills optim->trusts with the factors of this step. */
MUST_CHECK status lars_trusts(const optim_job *job);

MUST_CHECK status muon_new(const net *n, optim *out, err *e); /* finds the matrices of a net; their memory */
MUST_CHECK status muon_step(const optim_job *job);            /* of all matrices */

#endif
