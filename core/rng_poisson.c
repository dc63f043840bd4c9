/* Poisson variates from one uniform number each, so that streams of different means stay in step. */
#include <math.h>

#include "core/rng_internal.h"

/* log k!, by Stirling's series where it is good to 1e-15. */
static double log_factorial(int k) {
    if (k < 16) {
        double product = 1;
        for (int i = 2; i <= k; i++)
            product *= i;
        return plain_log(product);
    }
    double x = k, square = x * x;
    return (x + 0.5) * plain_log(x) - x + 0.91893853320467274 +
           (1.0 / 12 - (1.0 / 360 - 1 / (1260 * square)) / square) / x;
}

/* Inversion that tries the values from the most probable one outwards: about sqrt(mean) steps. */
int rng_poisson(rng *r, double mean) {
    double left = rng_uniform_double(r);
    if (!(mean > 0)) return 0;
    int mode = (int)mean, lo = mode, hi = mode;
    double p_lo = plain_exp(mode * plain_log(mean) - mean - log_factorial(mode)), p_hi = p_lo;
    left -= p_lo;
    while (left >= 0 && (p_lo > 0 || p_hi > 0)) {
        p_hi *= mean / ++hi;
        if ((left -= p_hi) < 0) return hi;
        p_lo = lo > 0 ? p_lo * lo / mean : 0;
        lo -= lo > 0;
        if ((left -= p_lo) < 0) return lo;
    }
    return mode;
}
