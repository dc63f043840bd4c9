/* Rules that treat every float alike. */
#include <math.h>

#include "nets/optim_internal.h"

void sgd_range(size_t n, float *w, float *v, const float *grad, double rate, double momentum, double decay,
               bool nesterov) {
    float lr = (float)rate, mu = (float)momentum, wd = (float)decay;
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + wd * w[i];
        v[i] = mu * v[i] + g;
        w[i] -= lr * (nesterov ? g + mu * v[i] : v[i]);
    }
}

/* Loshchilov & Hutter 2019, algorithm 2, with PyTorch's placing of the bias corrections. */
void adamw_range(const optim *o, size_t n, float *w, float *m, float *v, const float *grad, double rate,
                 double decay) {
    double correction1 = 1 - pow(o->beta1, (double)o->step), correction2 = 1 - pow(o->beta2, (double)o->step);
    float keep = (float)(1 - rate * decay), lr = (float)(rate / correction1),
          root2 = (float)sqrt(correction2);
    float beta1 = (float)o->beta1, beta2 = (float)o->beta2, eps = (float)o->eps;
    float rest1 = (float)(1 - o->beta1), rest2 = (float)(1 - o->beta2);
    for (size_t i = 0; i < n; i++) {
        float g = grad[i];
        m[i] = beta1 * m[i] + rest1 * g;
        v[i] = beta2 * v[i] + rest2 * g * g;
        w[i] = keep * w[i] - lr * m[i] / (sqrtf(v[i]) / root2 + eps);
    }
}

/* Hinton's lecture 6e, with PyTorch's eps outside the root and its momentum. */
void rmsprop_range(const optim *o, size_t n, float *w, float *square, float *v, const float *grad,
                   double rate, double momentum, double decay) {
    float lr = (float)rate, mu = (float)momentum, wd = (float)decay, eps = (float)o->eps;
    float alpha = (float)o->alpha, rest = (float)(1 - o->alpha);
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + wd * w[i];
        square[i] = alpha * square[i] + rest * g * g;
        v[i] = mu * v[i] + g / (sqrtf(square[i]) + eps);
        w[i] -= lr * v[i];
    }
}
