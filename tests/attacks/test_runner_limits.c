/* Budget, cancelling, and calls that make no sense. */
#include <math.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {4, 4, 1};
enum { N = 60, CLASSES = 3 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    attack_plan plan;
} bench;

static const double two_eps[] = {0.002, 0.01};

static bench bench_new(fake_kind kind) {
    bench b = {fake_new(kind, 31, image, CLASSES),
               fake_images(32, N, image, CLASSES, 0, 1),
               run_default(),
               {.method = attack_find("pgd"), .eps = two_eps, .n_eps = 2}};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static void test_budget_is_kept_and_replays(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    int64_t previous = N;
    const uint64_t budgets[] = {1, N, 3 * N + 7, 20 * N, 60 * N, 400 * N};
    for (int i = 0; i < 6; i++) {
        attack_result a, again;
        err e = {{0}};
        b.r.budget = budgets[i];
        b.r.threads = 1;
        assert_ok(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), e);
        b.r.threads = 4;
        assert_ok(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &again, &e), e);
        uint64_t most = budgets[i] < N ? N : budgets[i]; /* the first evaluation is always made */
        if (a.forwards + a.backwards > most)
            fail_msg("spent %d of %d", (int)(a.forwards + a.backwards), (int)most);
        assert_int_equal(a.budget_spent, budgets[i] < 400 * N);
        assert_int_equal(a.forwards, again.forwards);
        assert_memory_equal(a.broken_at, again.broken_at, N * sizeof *a.broken_at);
        assert_true(attack_survivors(&a, 1) <= previous);
        previous = attack_survivors(&a, 1);
        attack_result_free(&a);
        attack_result_free(&again);
    }
    assert_true(previous < N);
    bench_free(&b);
}

static void test_cancelled_result_is_valid(void **state) {
    (void)state;
    const int after[] = {1, 40, 80};
    for (int i = 0; i < 3; i++) {
        bench b = bench_new(FAKE_CONSTANT);
        volatile sig_atomic_t cancel = 0;
        b.f->cancel = &cancel;
        b.r.cancel = &cancel;
        b.f->cancel_after = after[i];
        b.r.threads = 2;
        attack_result a;
        err e = {{0}};
        assert_int_equal(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), STATUS_CANCELLED);
        int finished = 0;
        for (int row = 0; row < N; row++) {
            finished += a.finished[row];
            assert_int_equal(isnan(a.clean_logits[row * CLASSES]) && a.finished[row], 0);
            if (!a.finished[row]) assert_int_equal(a.broken_at[row], 2);
        }
        assert_true(finished < N);
        attack_result_free(&a);
        bench_free(&b);
    }
}

static void test_cancelled_before_it_began(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    volatile sig_atomic_t cancel = 1;
    b.r.cancel = &cancel;
    attack_result a;
    err e = {{0}};
    assert_int_equal(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), STATUS_CANCELLED);
    assert_int_equal(a.forwards, 0);
    assert_int_equal(attack_survivors(&a, 0), 0);
    attack_result_free(&a);
    bench_free(&b);
}

static void refuse(bench *b, const char *part) {
    attack_result a;
    err e = {{0}};
    assert_int_equal(attack_run(&b->f->m, &b->d, &b->plan, &b->r, &a, &e), STATUS_USAGE);
    if (!strstr(e.message, part)) fail_msg("'%s' does not speak of '%s'", e.message, part);
    assert_null(a.broken_at);
    attack_result_free(&a);
}

static void test_bad_calls_are_refused(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    const attack_plan good = b.plan;
    const double bad_eps[][2] = {{-0.1, 0.1}, {NAN, 0.1}, {0.1, 0.1}, {0.2, 0.1}, {0.1, INFINITY}};
    for (int i = 0; i < 5; i++) {
        b.plan.eps = bad_eps[i];
        refuse(&b, "eps");
    }
    b.plan = good;
    b.plan.n_eps = 0;
    refuse(&b, "eps");
    b.plan = good;
    b.plan.method = NULL;
    refuse(&b, "method");
    b.plan = good;
    b.plan.options.steps = -1;
    refuse(&b, "-1 steps");
    b.plan.options = (attack_options){.step_size = NAN};
    refuse(&b, "step size");
    b.plan.options = (attack_options){.restarts = -2};
    refuse(&b, "-2 restarts");
    b.plan = good;
    b.plan.method = attack_find("fgsm");
    b.plan.options.steps = 2;
    refuse(&b, "one step");
    b.plan = good;
    b.plan.batch = -1;
    refuse(&b, "batch");
    b.plan = good;
    b.plan.norm = (norm)7;
    refuse(&b, "norm");
    attack only_l2 = *attack_find("pgd");
    only_l2.norms = 1 << NORM_L2;
    b.plan = good;
    b.plan.method = &only_l2;
    refuse(&b, "linf");
    int32_t targets[N];
    for (int row = 0; row < N; row++)
        targets[row] = (b.d.labels[row] + 1) % CLASSES;
    b.plan = good;
    b.plan.targets = targets;
    targets[17] = CLASSES;
    refuse(&b, "row 17");
    targets[17] = b.d.labels[17];
    refuse(&b, "row 17");
    b.plan = good;
    b.f->m.input.h = 5;
    refuse(&b, "");
    bench_free(&b);
}

static void test_a_model_without_gradient_takes_noise_only(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    model_ops blind = *b.f->m.ops;
    blind.vjp = NULL;
    b.f->m.ops = &blind;
    refuse(&b, "gradient");
    b.plan.method = attack_find("noise");
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), e);
    assert_int_equal(a.backwards, 0);
    attack_result_free(&a);
    bench_free(&b);
}

static void test_a_failing_model_ends_the_run_with_its_message(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads *= 2) {
        bench b = bench_new(FAKE_BROKEN);
        b.r.threads = threads;
        attack_result a;
        err e = {{0}};
        assert_int_equal(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), STATUS_IO);
        assert_non_null(strstr(e.message, "the model is gone"));
        assert_null(a.clean_logits);
        bench_free(&b);
    }
}

typedef struct watch {
    uint64_t last, calls;
} watch;

static void watch_progress(void *user, const char *stage, uint64_t done, uint64_t total, const char *note) {
    watch *w = user;
    assert_string_equal(stage, "attack");
    assert_int_equal(total, N);
    assert_int_equal(done, w->last + 1);
    assert_non_null(note);
    w->last = done;
    w->calls++;
}

static void test_progress_counts_every_sample(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    watch w = {0};
    b.r.progress = watch_progress;
    b.r.user = &w;
    b.r.threads = 3;
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&b.f->m, &b.d, &b.plan, &b.r, &a, &e), e);
    assert_int_equal(w.calls, N);
    attack_result_free(&a);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_is_kept_and_replays),
        cmocka_unit_test(test_cancelled_result_is_valid),
        cmocka_unit_test(test_cancelled_before_it_began),
        cmocka_unit_test(test_bad_calls_are_refused),
        cmocka_unit_test(test_a_model_without_gradient_takes_noise_only),
        cmocka_unit_test(test_a_failing_model_ends_the_run_with_its_message),
        cmocka_unit_test(test_progress_counts_every_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
