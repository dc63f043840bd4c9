#include "nets/loss.h"

#include <math.h>

#include "core/floats.h"

int logits_class(const float *z, int classes) {
    if (!floats_finite(z, (size_t)classes)) return -1;
    int best = 0, ties = 0;
    for (int i = 1; i < classes; i++) {
        if (z[i] == z[best]) ties++;
        if (z[i] <= z[best]) continue;
        best = i;
        ties = 0;
    }
    return ties ? -1 : best;
}

bool logits_correct(const float *z, int classes, int y) {
    return logits_class(z, classes) == y;
}

float logits_margin(const float *z, int classes, int y) {
    if (!floats_finite(z, (size_t)classes)) return NAN;
    float other = -INFINITY;
    for (int i = 0; i < classes; i++)
        if (i != y && z[i] > other) other = z[i];
    return z[y] - other;
}

static float largest(const float *z, int classes) {
    float top = z[0];
    for (int i = 1; i < classes; i++)
        if (z[i] > top || z[i] != z[i]) top = z[i];
    return top;
}

/* exp(z_i - top) / sum is the softmax; returns log(sum exp(z)). In double: the classes are few. */
static double softmax_parts(const float *z, int classes, double *top, double *sum) {
    *top = (double)largest(z, classes);
    *sum = 0;
    for (int i = 0; i < classes; i++)
        *sum += exp(z[i] - *top);
    return *top + log(*sum);
}

void softmax(const float *z, int classes, float *p) {
    double top, sum;
    softmax_parts(z, classes, &top, &sum);
    for (int i = 0; i < classes; i++)
        p[i] = (float)(exp(z[i] - top) / sum);
}

float cross_entropy(const float *z, int classes, int y, float *dz) {
    double top, sum, others = 0, rest = 0;
    softmax_parts(z, classes, &top, &sum);
    for (int i = 0; i < classes; i++) {
        double p = exp(z[i] - top) / sum;
        if (i != y) {
            others += p;
            rest += exp((double)z[i] - z[y]);
        }
        if (dz) dz[i] = (float)p;
    }
    if (dz) dz[y] = (float)-others;
    /* log(1 + sum exp(z_i - z_y)) keeps tiny losses; a sum that overflows is far from tiny. */
    return (float)(isfinite(rest) ? log1p(rest) : top + log(sum) - z[y]);
}

float cross_entropy_soft(const float *z, int classes, const float *t, float *dz) {
    double top, sum, loss = 0, others = 0;
    double log_sum = softmax_parts(z, classes, &top, &sum);
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = z[k] > z[best] ? k : best;
    for (int k = 0; k < classes; k++) {
        if (t[k] == 1) return cross_entropy(z, classes, k, dz);
        if (t[k] != 0) loss += t[k] * (log_sum - z[k]);
        if (k != best) others += exp(z[k] - top) / sum;
    }
    for (int k = 0; dz && k < classes; k++) {
        double p = exp(z[k] - top) / sum, missing = k == best ? others : 1 - p;
        dz[k] = (float)(p * (1 - (double)t[k]) - t[k] * missing); /* = p - t, without cancellation near 1 */
    }
    return (float)loss;
}

/* With q = 1 - p: -q^gamma log p, and *slope its derivative by log p, gamma p q^(gamma-1) log p - q^gamma. */
static double focal_term(double log_p, double p, double q, double gamma, double *slope) {
    double power = pow(q, gamma),
           ratio = q > 0 ? log_p / q : -1; /* log(1 - q) / q, of which -1 is the limit */
    *slope = gamma * p * power * ratio - power;
    return -power * log_p;
}

float focal_loss_soft(const float *z, int classes, const float *t, double gamma, float *dz) {
    double top, sum, loss = 0, others = 0, slopes = 0;
    double log_sum = softmax_parts(z, classes, &top, &sum);
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = z[k] > z[best] ? k : best;
    for (int k = 0; k < classes; k++)
        others += k == best ? 0 : exp(z[k] - top) / sum;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < classes; k++) {
            double p = exp(z[k] - top) / sum, q = k == best ? others : 1 - p, slope;
            double term = focal_term(k == best ? log1p(-others) : z[k] - log_sum, p, q, gamma, &slope);
            if (pass == 0) {
                loss += t[k] != 0 ? (double)t[k] * term : 0;
                slopes += (double)t[k] * slope;
            } else if (dz) {
                double own = (double)t[k] * slope; /* d log p_j / d z_k = [j = k] - p_k */
                dz[k] = (float)(own * q - p * (slopes - own));
            }
        }
    }
    return (float)loss;
}
