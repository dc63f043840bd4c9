/* Beta variates, as the quotient of gamma variates. */
#include <math.h>

#include "core/rng_internal.h"

static double uniform_open(rng *r) /* (0, 1) */
{
    return rng_uniform_double(r) + 0x1p-54;
}

/* The logarithm of a Gamma(shape, 1) variate (Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000). A
 * shape below 1 is Gamma(shape + 1) * U^(1 / shape), a power that would underflow: hence logarithms. */
static double log_gamma_variate(rng *r, double shape) {
    if (shape < 1) return log_gamma_variate(r, shape + 1) + plain_log(uniform_open(r)) / shape;
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = (double)rng_normal(r), root = 1 + c * x;
        if (root <= 0) continue;
        double v = root * root * root;
        if (plain_log(uniform_open(r)) < 0.5 * x * x + d * (1 - v + plain_log(v))) return plain_log(d * v);
    }
}

double rng_beta(rng *r, double a, double b) {
    const double most = 700; /* beyond, the nearer end is the closest double */
    double x = log_gamma_variate(r, a), y = log_gamma_variate(r, b), apart = y - x;
    if (apart > most) return 0;
    return apart < -most ? 1 : 1 / (1 + plain_exp(apart));
}
