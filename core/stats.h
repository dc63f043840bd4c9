/* Intervals and quantiles for what audits report. Every function is pure; invalid input (n = 0, k > n, NaN) gives {NAN, NAN}. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include <stdint.h>

typedef struct interval {
    double lo, hi;
} interval;

double normal_cdf(double x);
double normal_quantile(double p);                        /* p in (0, 1); |relative error| < 1e-12 */

/* Relative errors below 1e-11 for parameters up to 1e6; fewer digits beyond. */
double incomplete_beta(double a, double b, double x); /* regularised I_x(a, b) */
double beta_quantile(double p, double a, double b);
double t_cdf(double t, double df);
double t_quantile(double p, double df);                  /* Student's t */

/* k successes in n trials; `level` is the two-sided confidence, .95 in all reports. */
interval wilson(int64_t k, int64_t n, double level);           /* Wilson 1927, score interval without correction */
interval clopper_pearson(int64_t k, int64_t n, double level);  /* exact, two-sided */
double clopper_pearson_lower(int64_t k, int64_t n, double alpha); /* one-sided 1 - alpha bounds */
double clopper_pearson_upper(int64_t k, int64_t n, double alpha);

/* p1 - p2 of independent samples: Newcombe 1998, method 10 (from the two Wilson intervals). */
interval newcombe(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double level);

/* The difference of two shares of the same n things, of which `first` count for the first alone and `second` for the second alone: Wald with
 * the Laplace adjustment of Bonett and Price 2012. The share itself is (first - second) / n. */
interval paired_difference(int64_t first, int64_t second, int64_t n, double level);

/* Ranks (from 1) of the order statistics of n values between which the q-quantile of their distribution lies, without any assumption but
 * independence: P(B < lo) and P(B >= hi) are each at most (1 - level) / 2 for B ~ binomial(n, q), and the ranks are as close as that allows
 * (David and Nagaraja 2003, section 7.1). lo = 0 or hi = n + 1: open at that end. */
void quantile_ranks(int64_t n, double q, double level, int64_t *lo, int64_t *hi);

double mean(const double *x, int n);
double sample_sd(const double *x, int n);                      /* divisor n - 1; NAN for n < 2 */
interval t_interval(const double *x, int n, double level);     /* of the mean; {NAN, NAN} for n < 2 */

void sort_doubles(double *x, int n); /* ascending */

/* Percentile of a sorted array by linear interpolation (R type 7), q in [0, 1]. */
double sorted_quantile(const double *sorted, int n, double q);

#endif
