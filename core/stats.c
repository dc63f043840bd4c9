#include "core/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const interval no_interval = {NAN, NAN};

static bool counts_valid(int64_t k, int64_t n) {
    return n > 0 && k >= 0 && k <= n;
}

static bool level_valid(double level) {
    return level > 0 && level < 1;
}

interval wilson(int64_t k, int64_t n, double level) {
    if (!counts_valid(k, n) || !level_valid(level)) return no_interval;
    double z = -normal_quantile(0.5 * (1 - level)), square = z * z, trials = (double)n;
    double p = (double)k / trials;
    double middle = (p + square / (2 * trials)) / (1 + square / trials);
    double half = z / (1 + square / trials) * sqrt(p * (1 - p) / trials + square / (4 * trials * trials));
    return (interval){k == 0 ? 0 : middle - half, k == n ? 1 : middle + half};
}

double clopper_pearson_lower(int64_t k, int64_t n, double alpha) {
    if (!counts_valid(k, n) || !level_valid(alpha)) return NAN;
    return k == 0 ? 0 : beta_quantile(alpha, (double)k, (double)(n - k) + 1);
}

double clopper_pearson_upper(int64_t k, int64_t n, double alpha) {
    if (!counts_valid(k, n)) return NAN;
    return 1 - clopper_pearson_lower(n - k, n, alpha); /* the failures' lower bound */
}

interval clopper_pearson(int64_t k, int64_t n, double level) {
    double alpha = 0.5 * (1 - level);
    return (interval){clopper_pearson_lower(k, n, alpha), clopper_pearson_upper(k, n, alpha)};
}

interval newcombe(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double level) {
    if (!counts_valid(k1, n1) || !counts_valid(k2, n2) || !level_valid(level)) return no_interval;
    interval w1 = wilson(k1, n1, level), w2 = wilson(k2, n2, level);
    double p1 = (double)k1 / (double)n1, p2 = (double)k2 / (double)n2;
    return (interval){p1 - p2 - hypot(p1 - w1.lo, w2.hi - p2), p1 - p2 + hypot(w1.hi - p1, p2 - w2.lo)};
}

interval paired_difference(int64_t first, int64_t second, int64_t n, double level) {
    if (!counts_valid(first, n) || !counts_valid(second, n - first) || !level_valid(level))
        return no_interval;
    double trials = (double)n + 2, p = ((double)first + 1) / trials, q = ((double)second + 1) / trials;
    double half = -normal_quantile(0.5 * (1 - level)) * sqrt((p + q - (p - q) * (p - q)) / trials);
    return (interval){fmax(p - q - half, -1), fmin(p - q + half, 1)};
}

double mean(const double *x, int n) {
    if (n < 1) return NAN;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

double sample_sd(const double *x, int n) {
    if (n < 2) return NAN;
    double centre = mean(x, n), sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - centre) * (x[i] - centre);
    return sqrt(sum / (n - 1));
}

interval t_interval(const double *x, int n, double level) {
    if (n < 2 || !level_valid(level)) return no_interval;
    double half = -t_quantile(0.5 * (1 - level), n - 1) * sample_sd(x, n) / sqrt(n);
    return (interval){mean(x, n) - half, mean(x, n) + half};
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_doubles(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, ascending);
}

double sorted_quantile(const double *sorted, int n, double q) {
    if (n < 1 || !(q >= 0 && q <= 1)) return NAN;
    double at = (n - 1) * q;
    int below = (int)at;
    if (below >= n - 1) return sorted[n - 1];
    double share = at - below;
    return share == 0 ? sorted[below] : sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

/* P(B <= k) of a binomial(n, q). */
static double binomial_cdf(int64_t k, int64_t n, double q) {
    if (k < 0) return 0;
    return k >= n ? 1 : incomplete_beta((double)(n - k), (double)(k + 1), 1 - q);
}

/* Of the ranks 0..n+1 of n values: the largest with P(B < rank) <= tail or, if `above`, the smallest with P(B >= rank) <= tail. */
static int64_t rank_at(int64_t n, double q, double tail, bool above) {
    int64_t least = 0, most = n + 1;
    while (most - least > 1) {
        int64_t middle = least + (most - least) / 2;
        double below = binomial_cdf(middle - 1, n, q);
        if (above ? 1 - below > tail : below <= tail)
            least = middle;
        else
            most = middle;
    }
    return above ? most : least;
}

void quantile_ranks(int64_t n, double q, double level, int64_t *lo, int64_t *hi) {
    double tail = (1 - level) / 2;
    *lo = rank_at(n, q, tail, false);
    *hi = rank_at(n, q, tail, true);
}
