/* TRADES: Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan, "Theoretically principled trade-off between robustness and accuracy", 2019, equation 5:
 * cross entropy of the image plus beta * KL(p(image) || p(twin)), where the twin climbs that distance from .001 N(0, 1). */
#include "attacks/train/robust_internal.h"

/* d KL / d a = q - p; d KL / d z_k = p_k (log(p_k / q_k) - KL). */
double trades_loss(const float *z, const float *a, int classes, int label, double beta, double scale,
                   float *dz, float *da) {
    (void)label;
    double p[4096], q[4096], logs[4096];
    double kl = pair_divergence(z, a, classes, p, q, logs), factor = beta * scale;
    for (int k = 0; k < classes; k++) {
        dz[k] += (float)(factor * p[k] * (logs[k] - kl));
        da[k] += (float)(factor * (q[k] - p[k]));
    }
    return factor * kl;
}

static status make(const robust_setup *s, objective *out, err *e) {
    pair_plan plan = {.beside = trades_loss,
                      .how = {.start = START_NEAR, .divergence = true, .stream = "robust-start"}};
    return pair_objective(s, &plan, out, e);
}

const robust_method robust_trades = {
    .name = "trades",
    .title = "cross entropy plus the distance to the answer for an attacked twin (Zhang et al. 2019)",
    .measures = "attacked",
    .rate = 0.002,
    .defaults = {.eps = 1, .steps = 7, .step_size = 0.35, .warmup = 0.2, .beta = 6},
    .make = make,
};
