#include <math.h>

#include "attacks/threat.h"
#include "core/rng.h"
#include "tests/support/test.h"

/* Sums of these are exact in the 64 bits of long double: every x0 is 0 or above 2^-10, and so is every eps. */
static const double radii[] = {1.0 / 255, 8.0 / 255, 0.05, 0.1, 0.3, 0.5, 0.999, 1, 1.5};
enum { RADII = sizeof radii / sizeof *radii };

static void check_box(float x0, double eps) {
    float lb, ub;
    ball_box(NORM_LINF, eps, &x0, 1, &lb, &ub);
    long double low = (long double)x0 - eps, high = (long double)x0 + eps;
    bool good_high = ub <= high && (ub == 1 || nextafterf(ub, 2) > high);
    bool good_low = lb >= low && (lb == 0 || nextafterf(lb, -1) < low);
    if (!good_high || !good_low || ub > 1 || lb < 0 || signbit(lb))
        fail_msg("x0 %.9g eps %.17g: box [%.9g, %.9g]", x0, eps, lb, ub);
    assert_true(ball_contains(NORM_LINF, eps, &x0, &lb, &ub, &lb, 1));
    assert_true(ball_contains(NORM_LINF, eps, &x0, &lb, &ub, &ub, 1));
    float above = nextafterf(ub, 2), below = nextafterf(lb, -1);
    assert_false(ball_contains(NORM_LINF, eps, &x0, &lb, &ub, &above, 1));
    assert_false(ball_contains(NORM_LINF, eps, &x0, &lb, &ub, &below, 1));
}

static void test_box_is_rounded_inwards_and_tight(void **state) {
    (void)state;
    rng g = rng_stream(1, "test", 0, 0, 0, 0);
    for (int e = 0; e < RADII; e++) {
        for (int pixel = 0; pixel < 256; pixel++)
            check_box((float)pixel / 255, radii[e]);
        for (int i = 0; i < 20000; i++)
            check_box(rng_range(&g, 0x1p-10f, 1), radii[e]);
    }
}

/* x0 + eps rounds to a float32 in double already, so only what the addition lost says that the float is too large. */
static void test_box_sees_what_the_double_sum_loses(void **state) {
    (void)state;
    float x0 = 0.5f, lb, ub;
    double eps = 0.25 - 0x1p-55;
    assert_true((double)x0 + eps == 0.75);
    ball_box(NORM_LINF, eps, &x0, 1, &lb, &ub);
    assert_true(ub == nextafterf(0.75f, 0));
    x0 = 1;
    ball_box(NORM_LINF, eps, &x0, 1, &lb, &ub);
    assert_true(lb == nextafterf(0.75f, 1));
}

static void test_box_of_zero_and_tiny_eps_is_a_point(void **state) {
    (void)state;
    const double tiny[] = {0, 0x1p-1074, 1e-40, 1e-12};
    for (int e = 0; e < 4; e++)
        for (int pixel = 1; pixel < 256; pixel++) {
            float x0 = (float)pixel / 255, lb, ub;
            ball_box(NORM_LINF, tiny[e], &x0, 1, &lb, &ub);
            if (lb != x0 || ub != x0) fail_msg("x0 %.9g eps %g: box [%.9g, %.9g]", x0, tiny[e], lb, ub);
        }
}

static void test_nan_is_outside(void **state) {
    (void)state;
    float x0[2] = {0.5f, 0.5f}, x[2] = {0.5f, NAN}, lb[2], ub[2];
    for (int p = NORM_LINF; p <= NORM_L2; p++) {
        ball_box((norm)p, 1, x0, 2, lb, ub);
        assert_false(ball_contains((norm)p, 1, x0, lb, ub, x, 2));
        assert_true(isnan(ball_distance((norm)p, x0, x, 2)));
    }
}

static void test_l2_ball(void **state) {
    (void)state;
    float x0[2] = {0.25f, 0.5f}, lb[2], ub[2];
    ball_box(NORM_L2, 0.625, x0, 2, lb, ub);
    assert_true(lb[0] == 0 && ub[1] == 1);
    float on[2] = {0.25f + 0.375f, 1}; /* 3-4-5 */
    assert_near(ball_distance(NORM_L2, x0, on, 2), 0.625, 0);
    assert_near(ball_distance(NORM_LINF, x0, on, 2), 0.5, 0);
    assert_true(ball_contains(NORM_L2, 0.625, x0, lb, ub, on, 2));
    assert_true(ball_contains(NORM_L2, 0.625 / (1 + 5e-7), x0, lb, ub, on, 2));
    assert_false(ball_contains(NORM_L2, 0.625 / (1 + 2e-6), x0, lb, ub, on, 2));
    float out_of_range[2] = {0.25f, 1.0000001f};
    assert_false(ball_contains(NORM_L2, 0.625, x0, lb, ub, out_of_range, 2));
}

static void test_names(void **state) {
    (void)state;
    norm p;
    err e = {{0}};
    assert_ok(norm_parse("l2", &p, &e), e);
    assert_int_equal(p, NORM_L2);
    assert_string_equal(norm_name(NORM_LINF), "linf");
    assert_int_equal(norm_parse("L2", &p, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "'L2', expected one of: linf l2"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box_is_rounded_inwards_and_tight),
        cmocka_unit_test(test_box_sees_what_the_double_sum_loses),
        cmocka_unit_test(test_box_of_zero_and_tiny_eps_is_a_point),
        cmocka_unit_test(test_nan_is_outside),
        cmocka_unit_test(test_l2_ball),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
