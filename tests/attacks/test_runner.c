/* The rules that the runner keeps whatever the method or the model does. */
#include <math.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {4, 3, 1};
static const double sweep[] = {0, 0.005, 0.01, 0.02, 0.05};
enum { SWEEP = sizeof sweep / sizeof *sweep, N = 70, CLASSES = 3 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
} bench;

static bench bench_new(fake_kind kind) {
    bench b = {fake_new(kind, 21, image, CLASSES), fake_images(22, N, image, CLASSES, 0, 1), run_default()};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static attack_plan plan_of(const char *name) {
    return (attack_plan){.method = attack_find(name), .eps = sweep, .n_eps = SWEEP, .keep_examples = true};
}

static attack_result attacked(bench *b, attack_plan plan) {
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&b->f->m, &b->d, &plan, &b->r, &a, &e), e);
    for (int row = 0; row < a.n; row++)
        assert_int_equal(a.finished[row], 1);
    return a;
}

static void assert_same(const attack_result *a, const attack_result *b) {
    size_t n = (size_t)a->n, d = shape_size(image);
    assert_memory_equal(a->broken_at, b->broken_at, n * sizeof *a->broken_at);
    assert_memory_equal(a->distance, b->distance, n * sizeof *a->distance);
    assert_memory_equal(a->clean_logits, b->clean_logits, n * CLASSES * sizeof(float));
    assert_memory_equal(a->examples, b->examples, n * d * sizeof(float));
    assert_memory_equal(a->example_logits, b->example_logits, n * CLASSES * sizeof(float));
    assert_int_equal(a->forwards, b->forwards);
    assert_int_equal(a->backwards, b->backwards);
    assert_memory_equal(&a->zero_gradient, &b->zero_gradient, sizeof a->zero_gradient);
    assert_memory_equal(&a->recheck_failed, &b->recheck_failed, sizeof a->recheck_failed);
}

static void test_same_bits_for_any_threads_and_batch(void **state) {
    (void)state;
    const int threads[] = {1, 2, 4}, batches[] = {0, 1, 3, 32, 128};
    for (int p = NORM_LINF; p <= NORM_L2; p++)
        for (int no_drop = 0; no_drop < 2; no_drop++) {
            bench b = bench_new(FAKE_CURVED);
            attack_plan plan = plan_of("pgd");
            plan.norm = (norm)p;
            plan.no_drop = no_drop;
            plan.options = (attack_options){.steps = 7, .restarts = 2};
            attack_result reference = attacked(&b, plan);
            for (int t = 0; t < 3; t++)
                for (int i = 0; i < 5; i++) {
                    b.r.threads = threads[t];
                    plan.batch = batches[i];
                    attack_result a = attacked(&b, plan);
                    assert_same(&reference, &a);
                    attack_result_free(&a);
                }
            attack_result_free(&reference);
            bench_free(&b);
        }
}

/* Any rows in any order: a sample's fate depends on its id and image alone. */
static void test_a_row_does_not_depend_on_others(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    attack_result whole = attacked(&b, plan_of("pgd"));
    int32_t rows[] = {40, 3, 69, 17, 18, 0};
    enum { ROWS = sizeof rows / sizeof *rows };
    dataset part;
    err e = {{0}};
    assert_ok(dataset_select(&b.d, rows, ROWS, &part, &e), e);
    attack_plan plan = plan_of("pgd");
    attack_result a;
    assert_ok(attack_run(&b.f->m, &part, &plan, &b.r, &a, &e), e);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(a.broken_at[i], whole.broken_at[rows[i]]);
        assert_memory_equal(a.examples + i * 12, whole.examples + rows[i] * 12, 12 * sizeof(float));
    }
    attack_result_free(&a);
    attack_result_free(&whole);
    dataset_free(&part);
    bench_free(&b);
}

static void test_curve_is_monotone_and_no_weaker_than_single_runs(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    attack_plan plan = plan_of("pgd");
    attack_result all = attacked(&b, plan);
    assert_int_equal(attack_survivors(&all, 0), N); /* eps 0 is the clean image */
    for (int i = 1; i < SWEEP; i++) {
        assert_true(attack_survivors(&all, i) <= attack_survivors(&all, i - 1));
        plan.eps = &sweep[i];
        plan.n_eps = 1;
        attack_result one = attacked(&b, plan);
        for (int row = 0; row < N; row++)
            if (one.broken_at[row] == 0 && all.broken_at[row] > i)
                fail_msg("row %d: broken at eps %g alone, not in the sweep", row, sweep[i]);
        attack_result_free(&one);
    }
    assert_true(attack_survivors(&all, SWEEP - 1) < attack_survivors(&all, 1));
    attack_result_free(&all);
    bench_free(&b);
}

/* Every kept example, judged again from outside. */
static void test_examples_are_what_they_claim(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    for (int p = NORM_LINF; p <= NORM_L2; p++) {
        attack_plan plan = plan_of("pgd");
        plan.norm = (norm)p;
        attack_result a = attacked(&b, plan);
        for (int row = 0; row < N; row++) {
            float x0[12], lb[12], ub[12], z[CLASSES];
            const float *x = a.examples + row * 12;
            err e = {{0}};
            dataset_image(&b.d, row, x0);
            assert_ok(model_forward(&b.f->m, 0, 1, x, false, z, &e), e);
            assert_memory_equal(z, a.example_logits + row * CLASSES, sizeof z);
            int y = b.d.labels[row], broken = a.broken_at[row];
            bool wrong = false;
            for (int c = 0; c < CLASSES; c++)
                wrong |= c != y && z[c] >= z[y];
            assert_int_equal(wrong, broken < SWEEP);
            if (!wrong) assert_true(isnan(a.distance[row]) && memcmp(x, x0, sizeof x0) == 0);
            if (!wrong) continue;
            ball_box((norm)p, sweep[broken], x0, 12, lb, ub);
            assert_true(ball_contains((norm)p, sweep[broken], x0, lb, ub, x, 12));
            ball_box((norm)p, sweep[broken - 1], x0, 12, lb, ub);
            assert_false(ball_contains((norm)p, sweep[broken - 1], x0, lb, ub, x, 12));
            assert_near(a.distance[row], ball_distance((norm)p, x0, x, 12), 1e-7);
        }
        attack_result_free(&a);
    }
    bench_free(&b);
}

static void test_misclassified_images_are_broken_at_once(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    int32_t *labels = arena_array(&b.d.memory, N, sizeof *labels);
    for (int row = 0; row < N; row++)
        labels[row] = (b.d.labels[row] + 1) % CLASSES;
    b.d.labels = labels;
    attack_result a = attacked(&b, plan_of("pgd"));
    for (int row = 0; row < N; row++)
        assert_true(!a.clean_correct[row] && a.broken_at[row] == 0 && a.distance[row] == 0);
    assert_int_equal(a.forwards, N);
    assert_int_equal(a.backwards, 0);
    assert_int_equal(attack_survivors(&a, 0), 0);
    attack_result_free(&a);
    bench_free(&b);
}

static void test_constant_tied_and_nan_models_are_never_right(void **state) {
    (void)state;
    const fake_kind kinds[] = {FAKE_CONSTANT, FAKE_TIED, FAKE_NAN};
    for (int i = 0; i < 3; i++) {
        bench b = bench_new(kinds[i]);
        dataset_free(&b.d);
        b.d = fake_images(22, N, image, CLASSES, 0, 1); /* labels 0, 1, 2, 0, ... */
        attack_result a = attacked(&b, plan_of("pgd"));
        for (int row = 0; row < N; row++)
            assert_int_equal(a.clean_correct[row], kinds[i] == FAKE_CONSTANT && b.d.labels[row] == 1);
        assert_int_equal(a.tied.count, kinds[i] == FAKE_TIED ? N : 0);
        assert_int_equal(a.not_finite.count, kinds[i] == FAKE_NAN ? N : 0);
        /* Class 1 always wins the constant model: those rows survive, and say that there was no gradient. */
        assert_int_equal(a.zero_gradient.count, attack_survivors(&a, SWEEP - 1));
        assert_int_equal(a.zero_gradient.count > 0, kinds[i] == FAKE_CONSTANT);
        attack_result_free(&a);
        bench_free(&b);
    }
}

static void test_quantised_input_raises_the_zero_gradient_alarm(void **state) {
    (void)state;
    bench b = bench_new(FAKE_QUANTISED);
    attack_result a = attacked(&b, plan_of("bim"));
    assert_int_equal(a.zero_gradient.count, N);
    assert_int_equal(a.zero_gradient.n, ATTACK_SAMPLES);
    for (int i = 0; i < ATTACK_SAMPLES; i++)
        assert_int_equal(a.zero_gradient.rows[i], b.d.ids[i]);
    attack_result control = attacked(&b, plan_of("noise"));
    assert_true(attack_survivors(&control, SWEEP - 1) <= attack_survivors(&a, SWEEP - 1));
    attack_result_free(&a);
    attack_result_free(&control);
    bench_free(&b);
}

static void test_flaky_success_is_not_confirmed(void **state) {
    (void)state;
    bench b = bench_new(FAKE_FLAKY);
    attack_plan plan = plan_of("pgd");
    plan.eps = (const double[]){1e-6};
    plan.n_eps = 1;
    attack_result a = attacked(&b, plan);
    assert_int_equal(attack_survivors(&a, 0), N);
    assert_int_equal(a.recheck_failed.count, N);
    attack_result_free(&a);
    bench_free(&b);
}

static size_t no_state(const attack_sample *s) {
    (void)s;
    return 0;
}

/* Two queries: the point that `first` says, then x0. */
static ask far_point(const attack_sample *s, void *state, float *x) {
    (void)state;
    for (size_t i = 0; i < s->d; i++)
        x[i] = s->x0[i] < 0.5f ? s->x0[i] + 0.4f : s->x0[i] - 0.4f;
    return ASK_FORWARD;
}

static ask then_home(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    (void)state, (void)a;
    bool home = memcmp(x, s->x0, s->d * sizeof *x) == 0;
    memcpy(x, s->x0, s->d * sizeof *x);
    return home ? ASK_DONE : ASK_FORWARD;
}

static const attack there_and_back = {.name = "there-and-back",
                                      .norms = 3,
                                      .defaults = {.steps = 2, .restarts = 1},
                                      .reach = 1,
                                      .state_bytes = no_state,
                                      .start = far_point,
                                      .step = then_home};

static void test_points_outside_the_ball_do_not_count(void **state) {
    (void)state;
    const double near_by[] = {0.39}, enough[] = {0.41};
    bench b = bench_new(FAKE_LINEAR);
    for (int p = NORM_LINF; p <= NORM_L2; p++) {
        attack_plan plan = {.method = &there_and_back, .norm = (norm)p, .eps = near_by, .n_eps = 1};
        attack_result a = attacked(&b, plan);
        assert_int_equal(attack_survivors(&a, 0), N);
        assert_int_equal(a.outside.count, N);
        assert_int_equal(a.outside.rows[1], b.d.ids[1]);
        attack_result_free(&a);
    }
    attack_plan plan = {.method = &there_and_back, .eps = enough, .n_eps = 1};
    attack_result a = attacked(&b, plan);
    assert_true(attack_survivors(&a, 0) < N);
    assert_int_equal(a.outside.count, 0);
    attack_result_free(&a);
    bench_free(&b);
}

static void test_an_example_serves_every_eps_it_fits(void **state) {
    (void)state;
    const double eps[] = {0.1, 0.2, 0.41, 0.6};
    bench b = bench_new(FAKE_LINEAR);
    attack_plan plan = {.method = &there_and_back, .eps = &eps[3], .n_eps = 1, .keep_examples = true};
    attack_result only = attacked(&b, plan);
    plan.eps = eps;
    plan.n_eps = 4;
    attack_result all = attacked(&b, plan);
    for (int row = 0; row < N; row++)
        assert_int_equal(all.broken_at[row], only.broken_at[row] == 0 ? 2 : 4);
    attack_result_free(&all);
    attack_result_free(&only);
    bench_free(&b);
}

/* Found at 0.6 with a distance of 0.4: it breaks 0.45 too, although the attack at 0.45 looked elsewhere. */
static ask only_when_large(const attack_sample *s, void *state, float *x) {
    if (s->eps > 0.5) return far_point(s, state, x);
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_FORWARD;
}

static void test_an_example_serves_smaller_eps_too(void **state) {
    (void)state;
    const double eps[] = {0.3, 0.45, 0.6};
    attack timid = there_and_back;
    timid.start = only_when_large;
    bench b = bench_new(FAKE_LINEAR);
    attack_plan plan = {.method = &timid, .eps = eps, .n_eps = 3};
    attack_result a = attacked(&b, plan);
    assert_true(attack_survivors(&a, 1) < N);
    assert_int_equal(attack_survivors(&a, 0), N);
    assert_int_equal(attack_survivors(&a, 1), attack_survivors(&a, 2));
    attack_result_free(&a);
    bench_free(&b);
}

static void test_no_drop_takes_the_last_iterate(void **state) {
    (void)state;
    const double eps[] = {0.41};
    bench b = bench_new(FAKE_LINEAR);
    attack_plan plan = {.method = &there_and_back, .eps = eps, .n_eps = 1};
    attack_result best = attacked(&b, plan);
    plan.no_drop = true;
    attack_result last = attacked(&b, plan);
    assert_true(attack_survivors(&best, 0) < N);
    assert_int_equal(attack_survivors(&last, 0), N);
    assert_int_equal(last.forwards, 3 * N); /* clean, there, back */
    attack_result_free(&best);
    attack_result_free(&last);
    bench_free(&b);
}

static void test_no_drop_runs_every_step(void **state) {
    (void)state;
    const double eps[] = {0.01, 0.05};
    bench b = bench_new(FAKE_LINEAR);
    attack_plan plan = {.method = attack_find("pgd"), .eps = eps, .n_eps = 2, .no_drop = true};
    plan.options = (attack_options){.steps = 9, .restarts = 2};
    attack_result a = attacked(&b, plan);
    assert_int_equal(a.backwards, N * 9 * 2 * 2);
    uint64_t rechecks = (uint64_t)(N - attack_survivors(&a, 1));
    assert_int_equal(a.forwards, N * (1 + 10 * 2 * 2) + rechecks);
    attack_result_free(&a);
    bench_free(&b);
}

static void test_cost_of_fgsm_over_a_sweep(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CONSTANT); /* nothing breaks */
    attack_result a = attacked(&b, plan_of("fgsm"));
    assert_int_equal(a.backwards, N);
    assert_int_equal(a.forwards,
                     N + N * (SWEEP - 1)); /* the clean gradient serves every eps; eps 0 asks nothing */
    attack_result_free(&a);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_for_any_threads_and_batch),
        cmocka_unit_test(test_a_row_does_not_depend_on_others),
        cmocka_unit_test(test_curve_is_monotone_and_no_weaker_than_single_runs),
        cmocka_unit_test(test_examples_are_what_they_claim),
        cmocka_unit_test(test_misclassified_images_are_broken_at_once),
        cmocka_unit_test(test_constant_tied_and_nan_models_are_never_right),
        cmocka_unit_test(test_quantised_input_raises_the_zero_gradient_alarm),
        cmocka_unit_test(test_flaky_success_is_not_confirmed),
        cmocka_unit_test(test_points_outside_the_ball_do_not_count),
        cmocka_unit_test(test_an_example_serves_every_eps_it_fits),
        cmocka_unit_test(test_an_example_serves_smaller_eps_too),
        cmocka_unit_test(test_no_drop_takes_the_last_iterate),
        cmocka_unit_test(test_no_drop_runs_every_step),
        cmocka_unit_test(test_cost_of_fgsm_over_a_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
