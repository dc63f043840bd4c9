/* Beta variates: moments and distribution. */
#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"
#include "core/stats.h"

enum { DRAWS = 20000 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean and variance within five standard errors; the largest distance of the distribution functions below the limit of Kolmogorov's test
 * at 1e-4. */
static void has_moments_and_distribution(void **state) {
    (void)state;
    static const double shapes[][2] = {{1, 1}, {0.2, 0.2}, {0.4, 0.4}, {2, 5}, {30, 30}, {0.5, 3}};
    static double draws[DRAWS];
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        double a = shapes[k][0], b = shapes[k][1], sum = 0, squares = 0, apart = 0;
        double middle = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
        rng r = rng_stream(k, "test", 0, 0, 0, 0);
        for (int i = 0; i < DRAWS; i++) {
            double x = draws[i] = rng_beta(&r, a, b);
            assert_true(x >= 0 && x <= 1);
            sum += x;
            squares += (x - middle) * (x - middle);
        }
        assert_near(sum / DRAWS, middle, 5 * sqrt(variance / DRAWS));
        assert_near(squares / DRAWS / variance, 1, 0.05);
        qsort(draws, DRAWS, sizeof *draws, ascending);
        for (int i = 0; i < DRAWS; i++)
            apart = fmax(apart, fabs(incomplete_beta(a, b, draws[i]) - (i + 0.5) / DRAWS));
        if (apart > 2.23 / sqrt(DRAWS)) fail_msg("Beta(%g, %g): distance %g", a, b, apart);
    }
}

/* Where the gamma variates themselves underflow, nearly all mass is at the ends, half at each. */
static void tiny_shapes_give_no_nan(void **state) {
    (void)state;
    int low = 0, high = 0;
    rng r = rng_stream(1, "test", 0, 0, 0, 0);
    for (int i = 0; i < 2000; i++) {
        double x = rng_beta(&r, 1e-4, 1e-4);
        low += x < 0.01;
        high += x > 0.99;
    }
    assert_in_range(low + high, 1980, 2000);
    assert_in_range(low, 880, 1120);
}

/* The same bits wherever it runs: no function of libm but sqrt, floor and ldexp is in it. */
static void replays(void **state) {
    (void)state;
    rng a = rng_stream(7, "test", 0, 1, 2, 3), b = rng_stream(7, "test", 0, 1, 2, 3);
    for (int i = 0; i < 100; i++)
        assert_true(rng_beta(&a, 0.3, 0.7) == rng_beta(&b, 0.3, 0.7));
    assert_int_equal(rng_u32(&a), rng_u32(&b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_moments_and_distribution),
        cmocka_unit_test(tiny_shapes_give_no_nan),
        cmocka_unit_test(replays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
