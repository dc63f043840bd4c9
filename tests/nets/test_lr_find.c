/* The learning-rate range test: its curve, its suggestion, and that it leaves all as it was. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/open.h"
#include "nets/lr_find.h"
#include "nets/zoo.h"

typedef struct bench {
    dataset d;
    net *net;
    weights w;
    train_options o;
    run r;
    objective goal;
} bench;

static void begin(bench *b) {
    err e;
    open_options open = {.split = "train", .n = 512, .seed = 1};
    *b = (bench){.o = train_options_default(), .r = run_default()};
    b->o.batch = 32;
    b->r.seed = 4;
    assert_ok(dataset_open("synth:shapes", &open, &b->d, &e), e);
    assert_ok(zoo_build("small", b->d.image, b->d.classes, NULL, NULL, &b->net, &e), e);
    assert_ok(weights_new(b->net, &b->w, &e), e);
    weights_init(b->net, &b->w, 3);
    assert_ok(objective_plain(b->net, &b->w, b->o.batch, &b->r, &b->goal, &e), e);
}

static void end(bench *b) {
    b->goal.free(b->goal.self);
    weights_free(&b->w);
    net_free(b->net);
    dataset_free(&b->d);
}

static void test_a_net_gets_a_sensible_rate(void **state) {
    (void)state;
    err e;
    bench b;
    lr_curve c, again;
    begin(&b);
    weights before;
    assert_ok(weights_copy(&b.w, &before, &e), e);
    b.goal.state[0] = 0.25f;
    assert_ok(lr_find(b.net, &b.w, &b.d, &b.o, &b.goal, 1e-5, 10, 100, &b.r, &c, &e), e);
    print_message("suggestion %.3g after %d steps, diverged %d\n", c.suggestion, c.n, c.diverged);
    assert_true(c.suggestion > 1e-3 && c.suggestion < 0.5);
    assert_near(c.points[0].rate, 1e-5, 1e-17);
    for (int i = 1; i < c.n; i++) {
        assert_near(c.points[i].rate / c.points[i - 1].rate, pow(1e6, 1.0 / 99), 1e-9);
    }
    assert_memory_equal(b.w.data, before.data, before.n * sizeof(float));
    assert_int_equal(b.w.version, before.version);
    assert_near(b.goal.state[0], 0.25, 0);

    b.r.threads = 3; /* the same bits again, whatever the threads */
    assert_ok(lr_find(b.net, &b.w, &b.d, &b.o, &b.goal, 1e-5, 10, 100, &b.r, &again, &e), e);
    assert_int_equal(again.n, c.n);
    assert_memory_equal(again.points, c.points, (size_t)c.n * sizeof *c.points);
    lr_curve_free(&again);
    lr_curve_free(&c);
    weights_free(&before);
    end(&b);
}

static void test_suggestion_is_the_steepest_fall(void **state) {
    (void)state;
    enum { N = 101 };
    lr_point points[N];
    for (int i = 0; i < N; i++) { /* falls around 1e-2, rises from 1e0 on */
        double decade = -5 + 0.08 * i, noise = 0.05 * (i % 2 ? 1 : -1);
        points[i] = (lr_point){.rate = pow(10, decade),
                               .loss = 2 - tanh(2 * (decade + 2)) + (decade > 0 ? 3 * decade : 0) + noise};
    }
    lr_smooth(points, N);
    double rate = lr_suggest(points, N);
    if (fabs(log10(rate) + 2) > 0.2) fail_msg("suggestion %g, expected near 0.01", rate);
    for (int i = 0; i < N; i++) {
        points[i].smoothed = 1 + i;
    }
    assert_true(isnan(lr_suggest(points, N)));
}

static void test_smoothing_keeps_constants_and_lines(void **state) {
    (void)state;
    enum { N = 81 };
    lr_point points[N];
    for (int i = 0; i < N; i++) {
        points[i].loss = 3 + 0.5 * i;
    }
    lr_smooth(points, N);
    for (int i = 10; i < N - 10; i++) {
        assert_near(points[i].smoothed, 3 + 0.5 * i, 1e-12);
    }
}

static void test_what_makes_no_sense_is_refused(void **state) {
    (void)state;
    err e;
    bench b;
    lr_curve c;
    begin(&b);
    const struct {
        double lowest, highest;
        int steps;
        status expected;
    } cases[] = {{0, 1, 100, STATUS_USAGE},
                 {1, 1, 100, STATUS_USAGE},
                 {1e-3, INFINITY, 100, STATUS_USAGE},
                 {NAN, 1, 100, STATUS_USAGE},
                 {1e-3, 1, 9, STATUS_USAGE},
                 {1e-3, 1, LR_FIND_MOST_STEPS + 1, STATUS_USAGE},
                 {1e20, 1e25, 20, STATUS_NOT_EVALUABLE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status s = lr_find(b.net, &b.w, &b.d, &b.o, &b.goal, cases[i].lowest, cases[i].highest,
                           cases[i].steps, &b.r, &c, &e);
        if (s != cases[i].expected) fail_msg("case %zu: status %d, expected %d", i, s, cases[i].expected);
        assert_null(c.points);
    }
    sig_atomic_t cancelled = 1;
    b.r.cancel = &cancelled;
    assert_int_equal(lr_find(b.net, &b.w, &b.d, &b.o, &b.goal, 1e-5, 1, 100, &b.r, &c, &e), STATUS_CANCELLED);
    end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_net_gets_a_sensible_rate),
        cmocka_unit_test(test_suggestion_is_the_steepest_fall),
        cmocka_unit_test(test_smoothing_keeps_constants_and_lines),
        cmocka_unit_test(test_what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
