/* The special functions behind the intervals: normal, incomplete beta, Student's t, and their quantiles. */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "core/stats.h"

static const double sqrt_2 = 1.41421356237309504880, sqrt_2_pi = 2.50662827463100050242,
                    log_sqrt_2_pi = 0.91893853320467274178, two_pi = 6.28318530717958647693;

static bool inside_unit(double p) {
    return p > 0 && p < 1;
}

double normal_cdf(double x) {
    return 0.5 * erfc(-x / sqrt_2);
}

/* A start within 4.5e-4 for the lower tail: Hastings, in Abramowitz and Stegun 26.2.23. */
static double normal_quantile_start(double p) {
    double t = sqrt(-2 * log(p));
    return (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
           t;
}

/* cdf(x) - p without cancellation near the centre. */
static double normal_excess(double x, double p) {
    return p > 0.25 ? 0.5 * erf(x / sqrt_2) - (p - 0.5) : normal_cdf(x) - p;
}

double normal_quantile(double p) {
    if (!inside_unit(p)) return NAN;
    if (p > 0.5) return -normal_quantile(1 - p);
    double x = normal_quantile_start(p);
    for (int i = 0; i < 3; i++) { /* Halley: the error is cubed each time */
        double step = normal_excess(x, p) * sqrt_2_pi * exp(0.5 * x * x);
        x -= step / (1 + 0.5 * x * step);
    }
    return x;
}

/* log gamma(z) minus Stirling's (z - 1/2) log z - z + log sqrt(2 pi). Differences of log gamma itself would
 * lose up to nine digits for large arguments, and lgamma writes a global. */
static double stirling_error(double z) {
    if (z < 16) { /* gamma(z) = gamma(z + 1) / z */
        double next = z + 1;
        return stirling_error(next) + (z + 0.5) * log1p(1 / z) - 1;
    }
    double square = z * z;
    return (1.0 / 12 -
            (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square) /
           z;
}

/* log(x / middle) where x - middle is known without cancellation. */
static double log_ratio(double x, double middle, double difference) {
    return fabs(difference) < 0.5 * middle ? log1p(difference / middle) : log(x / middle);
}

/* x^a y^b / B(a, b) with y = 1 - x, by the deviance from the mean a / (a + b) (after Loader, "Fast and
 * accurate computation of binomial probabilities", 2000). */
static double beta_power(double a, double b, double x, double y) {
    double n = a + b, excess = x * b - y * a;
    double deviance = a * log_ratio(x * n, a, excess) + b * log_ratio(y * n, b, -excess);
    double correction = stirling_error(n) - stirling_error(a) - stirling_error(b);
    return exp(deviance + correction + 0.5 * log(a * b / (n * two_pi)));
}

static double away_from_zero(double x) {
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* The continued fraction of I_x(a, b) (DLMF 8.17.22) by the modified Lentz method; about sqrt(max(a, b))
 * terms where x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    enum { MOST_TERMS = 1000000 };
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
    for (int i = 1; i < MOST_TERMS; i++) {
        double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        value *= c * d;
        double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        value *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON) break;
    }
    return value;
}

/* I_x(a, b) with y = 1 - x given apart, so that neither loses digits near 0. */
static double beta_cdf(double a, double b, double x, double y) {
    if (x <= 0) return 0;
    if (y <= 0) return 1;
    double power = beta_power(a, b, x, y);
    if (x < (a + 1) / (a + b + 2)) return power * beta_fraction(a, b, x) / a;
    return 1 - power * beta_fraction(b, a, y) / b;
}

static bool beta_valid(double a, double b) {
    return a > 0 && b > 0 && isfinite(a) && isfinite(b);
}

double incomplete_beta(double a, double b, double x) {
    if (!beta_valid(a, b) || !(x >= 0 && x <= 1)) return NAN;
    return beta_cdf(a, b, x, 1 - x);
}

/* Newton's steps on I_x = p, halving the bracket whenever one would leave it. */
double beta_quantile(double p, double a, double b) {
    if (!beta_valid(a, b) || !(p >= 0 && p <= 1)) return NAN;
    if (p == 0 || p == 1) return p;
    double lo = 0, hi = 1, x = a / (a + b);
    for (int i = 0; i < 1100; i++) { /* halving alone ends at the smallest double */
        double y = 1 - x, excess = beta_cdf(a, b, x, y) - p;
        if (excess == 0) return x;
        if (excess > 0)
            hi = x;
        else
            lo = x;
        double next = x - excess * x * y / beta_power(a, b, x, y);
        if (!(next >= lo && next <= hi)) next = lo + 0.5 * (hi - lo);
        double moved = fabs(next - x);
        x = next;
        if (moved <= 2 * DBL_EPSILON * x) break;
    }
    return x;
}

/* P(T < -|t|). */
static double t_tail(double t, double df) {
    double length = hypot(t, sqrt(df));
    double x = sqrt(df) / length, y = t / length;
    return 0.5 * beta_cdf(0.5 * df, 0.5, x * x, y * y);
}

static double t_density(double t, double df) {
    double correction = stirling_error(0.5 * (df + 1)) - stirling_error(0.5 * df);
    /* gamma((df + 1) / 2) / gamma(df / 2) by Stirling's formula, times (1 + t^2 / df)^(-(df + 1) / 2) */
    double power = 0.5 * df * log1p(1 / df) - 0.5 - 0.5 * (df + 1) * log1p(t * t / df);
    return exp(power + correction - log_sqrt_2_pi);
}

double t_cdf(double t, double df) {
    if (isnan(t) || !(df > 0) || !isfinite(df)) return NAN;
    if (isinf(t)) return t > 0;
    double tail = t_tail(t, df);
    return t < 0 ? tail : 1 - tail;
}

/* The normal quantile is nearer to 0 than Student's, and below 0 the cdf is convex: from there Newton's steps
 * run down to the root and never past it. */
double t_quantile(double p, double df) {
    if (!inside_unit(p) || !(df > 0) || !isfinite(df)) return NAN;
    if (p > 0.5) return -t_quantile(1 - p, df);
    if (p == 0.5) return 0;
    double t = normal_quantile(p);
    for (int i = 0; i < 1000; i++) {
        double step = (t_tail(t, df) - p) / t_density(t, df);
        if (!(step > 0)) break;
        t -= step;
        if (step <= DBL_EPSILON * -t) break;
    }
    return t;
}
