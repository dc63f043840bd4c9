/* MART: Wang, Zou, Yi, Bailey, Ma, Gu, "Improving adversarial robustness requires revisiting misclassified examples", 2020, equation 11: of the PGD
 * twin cross entropy and -log(1 - largest other probability), and beta * KL(p(image) || p(twin)) * (1 - p_y(image)). */
#include <math.h>

#include "attacks/train/robust_internal.h"

double mart_loss(const float *z, const float *a, int classes, int label, double beta, double scale, float *dz,
                 float *da) {
    const double guard = 1.0001; /* of the authors' code: keeps the logarithm finite */
    double p[4096], q[4096], logs[4096];
    double kl = pair_divergence(z, a, classes, p, q, logs), unsure = 1 - p[label];
    int other = label == 0;
    for (int k = 0; k < classes; k++)
        other = k != label && q[k] > q[other] ? k : other;
    double slope = q[other] / (guard - q[other]);
    for (int k = 0; k < classes; k++) {
        double by_p = p[k] * (logs[k] - kl) * unsure - kl * p[label] * ((k == label) - p[k]);
        double by_q = beta * unsure * (q[k] - p[k]) + slope * ((k == other) - q[k]);
        dz[k] += (float)(scale * beta * by_p);
        da[k] += (float)(scale * by_q);
    }
    return scale * (beta * kl * unsure - log(guard - q[other]));
}

static status make(const robust_setup *s, objective *out, err *e) {
    pair_plan plan = {
        .twin_entropy = true, .beside = mart_loss, .how = {.start = START_UNIFORM, .stream = "robust-start"}};
    return pair_objective(s, &plan, out, e);
}

const robust_method robust_mart = {
    .name = "mart",
    .title = "PGD with more weight on images that are wrong unchanged (Wang et al. 2020)",
    .measures = "attacked",
    .rate = 0.002,
    .defaults = {.eps = 1, .steps = 7, .step_size = 0.35, .warmup = 0.2, .beta = 5},
    .make = make,
};
