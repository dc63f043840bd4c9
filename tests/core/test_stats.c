#include "tests/support/test.h"

#include <math.h>

#include "core/stats.h"

static void assert_interval(interval i, double lo, double hi, double tolerance) {
    assert_near(i.lo, lo, tolerance);
    assert_near(i.hi, hi, tolerance);
}

static void assert_ratio(double value, double expected, double tolerance) {
    assert_near(value / expected, 1, tolerance);
}

static void normal_values_are_the_published_ones(void **state) {
    (void)state;
    assert_near(normal_cdf(0), 0.5, 1e-16);
    assert_near(normal_cdf(1), 0.841344746068543, 1e-15);
    assert_ratio(normal_cdf(-10), 7.619853024160527e-24, 1e-13);
    assert_ratio(normal_quantile(0.975), 1.959963984540054, 1e-14);
    assert_ratio(normal_quantile(0.995), 2.575829303548901, 1e-14);
    assert_ratio(normal_quantile(1e-10), -6.361340902404056, 1e-14);
    assert_ratio(normal_quantile(1e-300), -37.0471, 1e-6);
    assert_near(normal_quantile(0.5), 0, 1e-17);
    assert_ratio(normal_quantile(0.5 + 1e-10), 2.506628274631e-10, 1e-6); /* 0.5 + 1e-10 itself is rounded */
}

static void quantiles_undo_their_cdf(void **state) {
    (void)state;
    const double ps[] = {1e-12, 1e-5, 0.01, 0.2499, 0.2501, 0.4, 0.6, 0.9, 0.999999};
    const double shapes[] = {0.5, 1, 3.7, 40, 1e4};
    for (int i = 0; i < 9; i++) {
        assert_ratio(normal_cdf(normal_quantile(ps[i])), ps[i], 1e-12);
        for (int a = 0; a < 5; a++) {
            assert_ratio(t_cdf(t_quantile(ps[i], shapes[a]), shapes[a]), ps[i], 1e-11);
            for (int b = 0; b < 5; b++) {
                double x = beta_quantile(ps[i], shapes[a], shapes[b]);
                if (x < 0.999) /* nearer to 1 the rounding of x itself shows */
                    assert_ratio(incomplete_beta(shapes[a], shapes[b], x), ps[i], 1e-10);
            }
        }
    }
}

/* P(X >= k) of the binomial, summed term by term. */
static double binomial_tail(int k, int n, double x) {
    double sum = 0;
    for (int i = k; i <= n; i++)
        sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(x) + (n - i) * log1p(-x));
    return sum;
}

static void incomplete_beta_has_closed_forms(void **state) {
    (void)state;
    for (double x = 0.05; x < 1; x += 0.1) {
        assert_near(incomplete_beta(1, 1, x), x, 1e-15);
        assert_near(incomplete_beta(1, 4, x), 1 - pow(1 - x, 4), 1e-14);
        assert_near(incomplete_beta(0.5, 0.5, x), 2 / acos(-1) * asin(sqrt(x)), 1e-14);
        assert_near(incomplete_beta(7, 30, x) + incomplete_beta(30, 7, 1 - x), 1, 1e-14);
        assert_ratio(incomplete_beta(12, 29, x), binomial_tail(12, 40, x), 1e-11);
    }
    assert_near(incomplete_beta(1e6, 1e6, 0.5), 0.5, 1e-11);
    assert_near(incomplete_beta(5e8, 5e8, 0.5), 0.5, 1e-9);
    assert_ratio(incomplete_beta(0.5, 0.5, 1e-20), 2 / acos(-1) * 1e-10, 1e-13);
    assert_true(incomplete_beta(2, 3, 0) == 0 && incomplete_beta(2, 3, 1) == 1);
    assert_true(beta_quantile(0, 2, 3) == 0 && beta_quantile(1, 2, 3) == 1);
    assert_near(beta_quantile(0.9956510837481631, 3.854826411732611, 34.93041712923617), 0.25974499453717159,
                1e-14);
}

static void t_quantiles_are_those_of_the_tables(void **state) {
    (void)state;
    const struct {
        double df, p, t;
    } table[] = {{1, 0.975, 12.706}, {2, 0.975, 4.303},  {5, 0.975, 2.571},  {10, 0.95, 1.812},
                 {10, 0.995, 3.169}, {30, 0.975, 2.042}, {120, 0.95, 1.658}, {4, 0.9995, 8.610}};
    for (int i = 0; i < 8; i++) {
        assert_near(t_quantile(table[i].p, table[i].df), table[i].t, 5.1e-4);
        assert_near(t_quantile(1 - table[i].p, table[i].df), -table[i].t, 5.1e-4);
    }
    assert_ratio(t_quantile(0.975, 1), tan(acos(-1) * 0.475), 1e-12);    /* Cauchy */
    assert_ratio(t_quantile(0.9, 2), 0.8 * sqrt(2 / (1 - 0.64)), 1e-12); /* closed form for 2 */
    double z = normal_quantile(0.975), df = 1e6;
    assert_ratio(t_quantile(0.975, df), z + (z * z * z + z) / (4 * df), 1e-11); /* Cornish-Fisher */
    assert_near(t_cdf(1, 1), 0.75, 1e-15);
    assert_near(t_cdf(0, 7), 0.5, 1e-15);
    assert_true(t_quantile(0.5, 3) == 0);
    assert_true(t_cdf(INFINITY, 3) == 1 && t_cdf(-INFINITY, 3) == 0);
}

static void intervals_of_proportions_are_the_published_ones(void **state) {
    (void)state;
    assert_interval(wilson(94, 271, 0.95), 0.2927, 0.4053, 5e-5);
    /* Newcombe, "Two-sided confidence intervals for the single proportion", Stat. Med. 1998, table I: methods
     * 3 and 5 */
    assert_interval(wilson(81, 263, 0.95), 0.2553, 0.3662, 5e-5);
    assert_interval(wilson(15, 148, 0.95), 0.0624, 0.1605, 5e-5);
    assert_interval(wilson(0, 20, 0.95), 0, 0.1611, 5e-5);
    assert_interval(wilson(1, 29, 0.95), 0.0061, 0.1718, 5e-5);
    assert_interval(clopper_pearson(81, 263, 0.95), 0.2527, 0.3676, 5e-5);
    assert_interval(clopper_pearson(15, 148, 0.95), 0.0578, 0.1617, 5e-5);
    assert_interval(clopper_pearson(0, 20, 0.95), 0, 0.1684, 5e-5);
    assert_interval(clopper_pearson(1, 29, 0.95), 0.0009, 0.1776, 5e-5);
    assert_interval(clopper_pearson(2, 20, 0.95), 0.0123, 0.3170, 5e-5);
    assert_interval(clopper_pearson(0, 385, 0.95), 0, 0.00954, 5e-6);
    assert_true(wilson(20, 20, 0.95).hi == 1 && clopper_pearson(20, 20, 0.95).hi == 1);
    assert_near(clopper_pearson_upper(0, 100, 0.05), 1 - pow(0.05, 0.01),
                1e-14); /* the rule of three, exactly */
    assert_near(clopper_pearson_lower(100, 100, 0.05), pow(0.05, 0.01), 1e-14);
}

static void newcombe_is_the_published_one(void **state) {
    (void)state;
    /* Newcombe, "Interval estimation for the difference between independent proportions", 1998, table II,
     * method 10 */
    assert_interval(newcombe(56, 70, 48, 80, 0.95), 0.0524, 0.3339, 5e-5);
    assert_interval(newcombe(9, 10, 3, 10, 0.95), 0.1705, 0.8090, 5e-5);
    assert_interval(newcombe(10, 10, 0, 20, 0.95), 0.6791, 1, 5e-5);
    /* IBM in Gender Shades: darker female 34.7 % of 271, lighter male .3 % of 385 */
    assert_interval(newcombe(94, 271, 1, 385, 0.95), 0.289, 0.403, 7e-4);
    interval one = newcombe(5, 20, 9, 30, 0.9), other = newcombe(9, 30, 5, 20, 0.9);
    assert_interval(one, -other.hi, -other.lo, 1e-15);
}

static void paired_difference_is_the_published_one(void **state) {
    (void)state;
    /* Fagerland, Lydersen, Laake, "Recommended tests and confidence intervals for paired binomial proportions", 2014: airway
     * hyper-responsiveness before and after transplantation, 1 and 7 of 21 children changed */
    assert_interval(paired_difference(1, 7, 21, 0.95), -0.508, -0.0134, 5e-4);
    interval one = paired_difference(3, 9, 40, 0.9), other = paired_difference(9, 3, 40, 0.9);
    assert_interval(one, -other.hi, -other.lo, 1e-15);
    assert_true(paired_difference(0, 0, 10, 0.95).hi > 0);
}

/* The exact interval covers at least its level, wherever the truth is; Wilson's on average. */
static void intervals_cover(void **state) {
    (void)state;
    enum { N = 30 };
    interval exact[N + 1], score[N + 1];
    for (int k = 0; k <= N; k++) {
        exact[k] = clopper_pearson(k, N, 0.95);
        score[k] = wilson(k, N, 0.95);
    }
    double mean_coverage = 0;
    for (int i = 1; i < 200; i++) {
        double p = i / 200.0, covered[2] = {0};
        for (int k = 0; k <= N; k++) {
            double mass =
                exp(lgamma(N + 1) - lgamma(k + 1) - lgamma(N - k + 1) + k * log(p) + (N - k) * log1p(-p));
            covered[0] += exact[k].lo <= p && p <= exact[k].hi ? mass : 0;
            covered[1] += score[k].lo <= p && p <= score[k].hi ? mass : 0;
        }
        if (covered[0] < 0.95 - 1e-12) fail_msg("p = %g is covered with %g", p, covered[0]);
        mean_coverage += covered[1] / 199;
    }
    assert_near(mean_coverage, 0.95, 0.01);
}

static void moments_and_t_intervals(void **state) {
    (void)state;
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    assert_near(mean(x, 8), 5, 1e-15);
    assert_near(sample_sd(x, 8), sqrt(32.0 / 7), 1e-15);
    double half = 2.364624251592785 * sqrt(32.0 / 7 / 8); /* t for 7 degrees of freedom */
    assert_interval(t_interval(x, 8, 0.95), 5 - half, 5 + half, 1e-12);
    const double far[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
    assert_near(sample_sd(far, 3), 1, 1e-9);
}

/* Nonparametric intervals of the median as tabulated: n = 10: ranks 2 and 9 (97.9 %), 20: 6 and 15 (95.9 %), 100: 40 and 61 (96.5 %); none of 5. */
static void ranks_of_quantiles_are_those_of_the_tables(void **state) {
    (void)state;
    static const int64_t tables[][3] = {{6, 1, 6},   {8, 1, 8},   {9, 2, 8},    {10, 2, 9},
                                        {15, 4, 12}, {20, 6, 15}, {50, 18, 33}, {100, 40, 61}};
    int64_t lo, hi;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        quantile_ranks(tables[i][0], 0.5, 0.95, &lo, &hi);
        assert_int_equal(lo, tables[i][1]);
        assert_int_equal(hi, tables[i][2]);
    }
    quantile_ranks(5, 0.5, 0.95, &lo, &hi);
    assert_true(lo == 0 && hi == 6); /* 1 - 2 / 32 < .95: open */
    quantile_ranks(10, 0.1, 0.95, &lo, &hi);
    assert_true(lo == 0 && hi == 4); /* .9^10 = .349 > .025; P(B >= 4) = .0128, P(B >= 3) = .0702 by hand */
}

static void percentiles_are_type_7(void **state) {
    (void)state;
    const double x[] = {1, 2, 4, 8, 16};
    assert_near(sorted_quantile(x, 5, 0), 1, 0);
    assert_near(sorted_quantile(x, 5, 1), 16, 0);
    assert_near(sorted_quantile(x, 5, 0.5), 4, 0);
    assert_near(sorted_quantile(x, 5, 0.1), 1.4, 1e-15);
    assert_near(sorted_quantile(x, 5, 0.9), 12.8, 1e-14);
    assert_near(sorted_quantile(x, 1, 0.3), 1, 0);
    const double open[] = {0, INFINITY, INFINITY};
    assert_true(sorted_quantile(open, 3, 0) == 0 && isinf(sorted_quantile(open, 3, 0.5)));
}

static void assert_nowhere(interval i) {
    assert_true(isnan(i.lo) && isnan(i.hi));
}

static void invalid_input_gives_nan(void **state) {
    (void)state;
    const double x[] = {1, NAN};
    assert_nowhere(wilson(0, 0, 0.95));
    assert_nowhere(wilson(3, 2, 0.95));
    assert_nowhere(wilson(-1, 2, 0.95));
    assert_nowhere(wilson(1, 2, 1));
    assert_nowhere(wilson(1, 2, NAN));
    assert_nowhere(clopper_pearson(1, 0, 0.95));
    assert_nowhere(clopper_pearson(0, 3, NAN));
    assert_nowhere(clopper_pearson(0, 3, 2));
    assert_nowhere(newcombe(1, 2, 3, 2, 0.95));
    assert_nowhere(newcombe(1, 2, 1, 0, 0.95));
    assert_nowhere(paired_difference(1, 2, 2, 0.95));
    assert_nowhere(paired_difference(0, 0, 0, 0.95));
    assert_nowhere(t_interval(x, 1, 0.95));
    assert_nowhere(t_interval(x, 2, 0.95));
    assert_true(isnan(mean(x, 0)) && isnan(sample_sd(x, 1)) && isnan(sorted_quantile(x, 0, 0.5)));
    assert_true(isnan(sorted_quantile(x, 2, NAN)) && isnan(sorted_quantile(x, 2, 1.1)));
    const double bad[] = {0, 1, -1, 2, NAN};
    for (int i = 0; i < 5; i++) {
        assert_true(isnan(normal_quantile(bad[i])));
        assert_true(isnan(t_quantile(bad[i], 3)));
    }
    for (int i = 2; i < 5; i++) {
        assert_true(isnan(incomplete_beta(1, 1, bad[i])));
        assert_true(isnan(beta_quantile(bad[i], 1, 1)));
    }
    assert_true(isnan(incomplete_beta(0, 1, 0.5)) && isnan(beta_quantile(0.5, NAN, 1)));
    assert_true(isnan(beta_quantile(0.5, INFINITY, 1)) && isnan(t_cdf(NAN, 1)) && isnan(t_cdf(0, 0)));
    assert_true(isnan(normal_cdf(NAN)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_values_are_the_published_ones),
        cmocka_unit_test(quantiles_undo_their_cdf),
        cmocka_unit_test(incomplete_beta_has_closed_forms),
        cmocka_unit_test(ranks_of_quantiles_are_those_of_the_tables),
        cmocka_unit_test(t_quantiles_are_those_of_the_tables),
        cmocka_unit_test(intervals_of_proportions_are_the_published_ones),
        cmocka_unit_test(newcombe_is_the_published_one),
        cmocka_unit_test(paired_difference_is_the_published_one),
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(moments_and_t_intervals),
        cmocka_unit_test(percentiles_are_type_7),
        cmocka_unit_test(invalid_input_gives_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
