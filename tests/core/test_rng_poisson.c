/* Poisson variates: the shares of values against the formula, mean and variance, and one number a draw. */
#include <math.h>

#include "core/rng.h"
#include "tests/support/test.h"

enum { DRAWS = 40000 };

static void test_shares(void **state) {
    (void)state;
    static const double means[] = {0.05, 1, 7.5, 40};
    for (int m = 0; m < 4; m++) {
        static int counts[400];
        memset(counts, 0, sizeof counts);
        rng r = rng_stream(1, "test", 0, (uint32_t)m, 0, 0);
        for (int i = 0; i < DRAWS; i++)
            counts[rng_poisson(&r, means[m])]++;
        for (int k = 0; k < 100; k++) {
            double p = exp(k * log(means[m]) - means[m] - lgamma(k + 1.0));
            assert_near(counts[k] / (double)DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-4);
        }
    }
}

static void test_moments(void **state) {
    (void)state;
    static const double means[] = {0.3, 20, 500, 1e6};
    for (int m = 0; m < 4; m++) {
        rng r = rng_stream(2, "test", 0, (uint32_t)m, 0, 0);
        double sum = 0, squares = 0;
        int n = means[m] > 1000 ? 2000 : DRAWS;
        for (int i = 0; i < n; i++) {
            double d = rng_poisson(&r, means[m]) - means[m];
            sum += d / n;
            squares += d * d / n;
        }
        assert_near(sum / sqrt(means[m]), 0, 5 / sqrt(n));
        assert_near(squares / means[m], 1, 5 * sqrt((2 + 1 / means[m]) / n));
    }
}

static void test_in_step(void **state) {
    (void)state;
    rng a = rng_stream(3, "test", 0, 0, 0, 0), b = a;
    assert_int_equal(rng_poisson(&a, 0), 0);
    assert_int_equal(rng_poisson(&a, -1), 0);
    rng_poisson(&a, 300);
    for (int i = 0; i < 3; i++)
        rng_poisson(&b, 5);
    assert_int_equal(rng_u32(&a), rng_u32(&b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
