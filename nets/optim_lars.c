/* LARS (You, Gitman & Ginsburg 2017): the rate of a layer follows the length of its weights over that of their gradient. */
#include <math.h>

#include "core/parallel.h"
#include "nets/optim_internal.h"

double floats_norm(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    return sqrt(sum);
}

static status trust_of(void *context, int p, int worker) {
    (void)worker;
    const optim_job *job = context;
    const optim *o = job->optim;
    const net_param *param = &job->net->params[p];
    o->trusts[p] = 1;
    if (param->info.kind != PARAM_WEIGHT) return STATUS_OK;
    double w = floats_norm(job->w + param->offset, param->size),
           g = floats_norm(job->grad + param->offset, param->size);
    if (w > 0 && g > 0) o->trusts[p] = o->trust * w / (g + optim_decay(o, p) * w);
    return STATUS_OK;
}

status lars_trusts(const optim_job *job) {
    optim_job copy = *job;
    return parallel_for(job->run, job->net->n_params, trust_of, &copy);
}

/* The rate is inside v, as in the paper: a later change of the rate leaves the momentum alone. */
void lars_range(size_t n, float *w, float *v, const float *grad, double rate, double momentum, double decay) {
    float lr = (float)rate, mu = (float)momentum, wd = (float)decay;
    for (size_t i = 0; i < n; i++) {
        v[i] = mu * v[i] + lr * (grad[i] + wd * w[i]);
        w[i] -= v[i];
    }
}
