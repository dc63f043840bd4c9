/* Schedules against PyTorch's at every step, and their edges. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/schedule.h"
#include "tests/support/golden.h"

enum { EPOCH_STEPS = 8 };

/* `golden`: total x {rate, momentum}. */
static void check_against(const npz *z, const char *array, const schedule *s, long total) {
    double *golden = golden_array(z, array, 2 * total);
    for (long t = 0; t < total; t++) {
        double rate = schedule_rate(s, t, total, EPOCH_STEPS), momentum = schedule_momentum(s, t, total, 0.9);
        if (fabs(rate - golden[2 * t]) > 1e-12 || fabs(momentum - golden[2 * t + 1]) > 1e-12) {
            fail_msg("%s, step %ld of %ld: rate %.15g, PyTorch %.15g; momentum %.15g, PyTorch %.15g", array,
                     t, total, rate, golden[2 * t], momentum, golden[2 * t + 1]);
        }
    }
    free(golden);
}

static void test_every_step_equals_pytorch(void **state) {
    (void)state;
    npz z = golden_open("schedules.npz");
    schedule step = schedule_default(SCHEDULE_STEP, 0.2),
             exponential = schedule_default(SCHEDULE_EXPONENTIAL, 0.2);
    schedule linear = schedule_default(SCHEDULE_LINEAR, 0.2), cosine = schedule_default(SCHEDULE_COSINE, 0.2);
    schedule one_cycle = schedule_default(SCHEDULE_ONE_CYCLE, 0.2);
    step.every = 2;
    check_against(&z, "step", &step, 40);
    check_against(&z, "exponential", &exponential, 40);
    check_against(&z, "linear", &linear, 40);
    check_against(&z, "cosine", &cosine, 40);
    check_against(&z, "one-cycle", &one_cycle, 40);
    check_against(&z, "one-cycle-47", &one_cycle, 47);
    npz_free(&z);
}

static void test_one_cycle_starts_peaks_and_ends_where_promised(void **state) {
    (void)state;
    schedule s = schedule_default(SCHEDULE_ONE_CYCLE, 0.5);
    assert_near(schedule_rate(&s, 0, 100, 10), 0.5 / 25, 1e-15);
    assert_near(schedule_rate(&s, 29, 100, 10), 0.5, 1e-15);
    assert_near(schedule_rate(&s, 99, 100, 10), 0.5 / 25 / 1e4, 1e-15);
    assert_near(schedule_momentum(&s, 0, 100, 0.9), 0.95, 1e-15);
    assert_near(schedule_momentum(&s, 29, 100, 0.9), 0.85, 1e-15);
    assert_near(schedule_momentum(&s, 99, 100, 0.9), 0.95, 1e-15);
    s.momentum_high = 0;
    assert_near(schedule_momentum(&s, 29, 100, 0.9), 0.9, 0);
}

static void test_warm_up_rises_to_the_rate_without_a_step_at_zero(void **state) {
    (void)state;
    for (int kind = SCHEDULE_CONSTANT; kind < SCHEDULE_ONE_CYCLE; kind++) {
        schedule s = schedule_default((schedule_kind)kind, 0.1);
        s.warmup_steps = 4;
        for (int t = 0; t < 4; t++) {
            assert_near(schedule_rate(&s, t, 20, 10), 0.1 * (t + 1) / 4, 1e-15);
        }
        assert_near(schedule_rate(&s, 4, 20, 10), 0.1, 1e-15);
    }
}

static void test_rates_stay_positive_and_at_most_the_peak(void **state) {
    (void)state;
    for (int kind = SCHEDULE_CONSTANT; kind <= SCHEDULE_ONE_CYCLE; kind++) {
        for (long total = 1; total < 30; total++) {
            schedule s = schedule_default((schedule_kind)kind, 0.3);
            s.warmup_steps = total % 3 ? 0 : 40; /* also longer than the training */
            for (long t = 0; t < total; t++) {
                double rate = schedule_rate(&s, t, total, 3), momentum = schedule_momentum(&s, t, total, 0.9);
                if (!(rate > 0 && rate <= 0.3 + 1e-12)) {
                    fail_msg("%s: rate %g at step %ld of %ld", schedule_name(s.kind), rate, t, total);
                }
                assert_true(momentum >= 0.85 - 1e-12 && momentum <= 0.95 + 1e-12);
            }
        }
    }
}

static void test_names_and_bad_settings(void **state) {
    (void)state;
    err e;
    schedule_kind kind;
    for (int k = SCHEDULE_CONSTANT; k <= SCHEDULE_ONE_CYCLE; k++) {
        assert_ok(schedule_parse(schedule_name((schedule_kind)k), &kind, &e), e);
        assert_int_equal(kind, k);
    }
    assert_int_equal(schedule_parse("cosin", &kind, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "did you mean \"cosine\"?"));
    assert_non_null(strstr(e.message, "one-cycle"));

    schedule good = schedule_default(SCHEDULE_STEP, 0.1);
    assert_ok(schedule_check(&good, &e), e);
    schedule bad[7] = {good, good, good, good, good, good, good};
    bad[0].lr = 0;
    bad[1].lr = NAN;
    bad[2].gamma = -1;
    bad[3].every = 0;
    bad[4].warmup_steps = -1;
    bad[5].peak_at = 1.5;
    bad[6].momentum_high = 1;
    for (int i = 0; i < 7; i++) {
        if (schedule_check(&bad[i], &e) != STATUS_USAGE) fail_msg("bad schedule %d was accepted", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_equals_pytorch),
        cmocka_unit_test(test_one_cycle_starts_peaks_and_ends_where_promised),
        cmocka_unit_test(test_warm_up_rises_to_the_rate_without_a_step_at_zero),
        cmocka_unit_test(test_rates_stay_positive_and_at_most_the_peak),
        cmocka_unit_test(test_names_and_bad_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
