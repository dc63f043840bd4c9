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
    schedule multistep = schedule_default(SCHEDULE_MULTISTEP, 0.2),
             polynomial = schedule_default(SCHEDULE_POLYNOMIAL, 0.2),
             restarts = schedule_default(SCHEDULE_COSINE_RESTARTS, 0.2);
    multistep.n_milestones = 2;
    multistep.milestones[0] = 1;
    multistep.milestones[1] = 4;
    check_against(&z, "multistep", &multistep, 40);
    polynomial.power = 2.5;
    check_against(&z, "polynomial", &polynomial, 40);
    restarts.every = 2;
    check_against(&z, "cosine-restarts-1", &restarts, 40);
    restarts.multiplier = 2;
    check_against(&z, "cosine-restarts", &restarts, 96);
    npz_free(&z);
}

static void test_plateau_falls_where_pytorch_falls(void **state) {
    (void)state;
    npz z = golden_open("schedules.npz");
    double *golden = golden_array(&z, "plateau", 2 * 40);
    schedule s = schedule_default(SCHEDULE_PLATEAU, 0.2);
    s.gamma = 0.5;
    plateau p = plateau_new();
    for (int epoch = 0; epoch < 40; epoch++) {
        plateau_observe(&p, &s, golden[2 * epoch]);
        double rate = p.factor * schedule_rate(&s, epoch, 40, 1);
        if (fabs(rate - golden[2 * epoch + 1]) > 1e-12)
            fail_msg("plateau, epoch %d: rate %.15g, PyTorch %.15g", epoch, rate, golden[2 * epoch + 1]);
    }
    assert_true(p.factor < 0.1); /* several falls were seen */
    free(golden);
    npz_free(&z);
}

static void test_first_peak_and_last_steps(void **state) {
    (void)state;
    schedule s = schedule_default(SCHEDULE_COSINE_RESTARTS, 1);
    s.every = 3;
    s.multiplier = 2;
    assert_near(schedule_rate(&s, 0, 90, 10), 1, 0);
    assert_near(schedule_rate(&s, 15, 90, 10), 0.5, 1e-15);
    assert_near(schedule_rate(&s, 29, 90, 10), (1 + cos(acos(-1) * 29 / 30)) / 2, 1e-15);
    assert_near(schedule_rate(&s, 30, 90, 10), 1, 0);
    assert_near(schedule_rate(&s, 60, 90, 10), 0.5, 1e-15);
    assert_near(schedule_rate(&s, 89, 90, 10), (1 + cos(acos(-1) * 59 / 60)) / 2, 1e-15);
    s.warmup_steps = 5;
    assert_near(schedule_rate(&s, 4, 90, 10), 1, 0);
    assert_near(schedule_rate(&s, 34, 90, 10), (1 + cos(acos(-1) * 29 / 30)) / 2, 1e-15);
    assert_near(schedule_rate(&s, 35, 90, 10), 1, 0);
    schedule p = schedule_default(SCHEDULE_POLYNOMIAL, 1);
    p.power = 2;
    assert_near(schedule_rate(&p, 0, 50, 10), 1, 0);
    assert_near(schedule_rate(&p, 49, 50, 10), 1 / 2500.0, 1e-15);
    schedule m = schedule_default(SCHEDULE_MULTISTEP, 1);
    m.n_milestones = 2;
    m.milestones[0] = 2;
    m.milestones[1] = 4;
    assert_near(schedule_rate(&m, 19, 50, 10), 1, 0);
    assert_near(schedule_rate(&m, 20, 50, 10), 0.1, 1e-15);
    assert_near(schedule_rate(&m, 49, 50, 10), 0.01, 1e-15);
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
    for (int kind = SCHEDULE_CONSTANT; kind < SCHEDULE_KINDS; kind++) {
        if (kind == SCHEDULE_ONE_CYCLE) continue;
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
    for (int kind = SCHEDULE_CONSTANT; kind < SCHEDULE_KINDS; kind++) {
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
    for (int k = SCHEDULE_CONSTANT; k < SCHEDULE_KINDS; k++) {
        assert_ok(schedule_parse(schedule_name((schedule_kind)k), &kind, &e), e);
        assert_int_equal(kind, k);
    }
    assert_int_equal(schedule_parse("cosin", &kind, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "did you mean \"cosine\"?"));
    assert_non_null(strstr(e.message, "one-cycle"));

    schedule good = schedule_default(SCHEDULE_STEP, 0.1);
    assert_ok(schedule_check(&good, &e), e);
    enum { BAD = 14 };
    schedule bad[BAD];
    for (int i = 0; i < BAD; i++)
        bad[i] = good;
    bad[0].lr = 0;
    bad[1].lr = NAN;
    bad[2].gamma = -1;
    bad[3].every = 0;
    bad[4].warmup_steps = -1;
    bad[5].peak_at = 1.5;
    bad[6].momentum_high = 1;
    bad[7].power = 0;
    bad[8].multiplier = 0;
    bad[9].patience = -1;
    bad[10].kind = SCHEDULE_MULTISTEP; /* without milestones */
    bad[11].n_milestones = SCHEDULE_MOST_MILESTONES + 1;
    bad[12].n_milestones = 1; /* at epoch 0 */
    bad[13].n_milestones = 2;
    bad[13].milestones[0] = bad[13].milestones[1] = 4;
    for (int i = 0; i < BAD; i++) {
        if (schedule_check(&bad[i], &e) != STATUS_USAGE) fail_msg("bad schedule %d was accepted", i);
    }
}

static char *text_of(const schedule *s) {
    json *j = schedule_to_json(s);
    char *text = json_text(j, 0);
    assert_non_null(text);
    json_free(j);
    return text;
}

static void test_json_tells_what_the_kind_reads(void **state) {
    (void)state;
    schedule s = schedule_default(SCHEDULE_MULTISTEP, 0.3);
    s.n_milestones = 2;
    s.milestones[0] = 5;
    s.milestones[1] = 9;
    char *text = text_of(&s);
    assert_string_equal(
        text, "{\"kind\":\"multistep\",\"lr\":0.3,\"gamma\":0.1,\"warmup_steps\":0,\"milestones\":[5,9]}");
    free(text);
    s = schedule_default(SCHEDULE_COSINE_RESTARTS, 0.3);
    text = text_of(&s);
    assert_string_equal(
        text, "{\"kind\":\"cosine-restarts\",\"lr\":0.3,\"every\":1,\"multiplier\":1,\"warmup_steps\":0}");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_equals_pytorch),
        cmocka_unit_test(test_one_cycle_starts_peaks_and_ends_where_promised),
        cmocka_unit_test(test_warm_up_rises_to_the_rate_without_a_step_at_zero),
        cmocka_unit_test(test_rates_stay_positive_and_at_most_the_peak),
        cmocka_unit_test(test_plateau_falls_where_pytorch_falls),
        cmocka_unit_test(test_first_peak_and_last_steps),
        cmocka_unit_test(test_names_and_bad_settings),
        cmocka_unit_test(test_json_tells_what_the_kind_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
