/* Examples of one model shown to others: against linear models whose answers can be computed, and against the runner. */
#include <math.h>

#include "attacks/changed.h"
#include "attacks/runner.h"
#include "attacks/transferability.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {5, 4, 1};
enum { N = 50, CLASSES = 2, MODELS = 3, D = 20 };
static const char *const names[] = {"a", "b", "c"};

typedef struct bench {
    fake *f[MODELS];
    model *m[MODELS];
    dataset d;
    run r;
    walk_plan plan;
} bench;

static bench bench_new(fake_kind third) {
    bench b = {.d = fake_images(5, N, image, CLASSES, 0.3F, 0.7F),
               .r = run_default(),
               .plan = {.method = attack_find("fgsm"), .norm = NORM_LINF, .eps = 0.1}};
    for (int i = 0; i < MODELS; i++) {
        b.f[i] = fake_new(i == 2 ? third : FAKE_LINEAR, 40 + (uint64_t)i, image, CLASSES);
        b.m[i] = &b.f[i]->m;
    }
    fake_label(b.f[0], &b.d);
    return b;
}

static void bench_free(bench *b) {
    for (int i = 0; i < MODELS; i++)
        fake_free(b->f[i]);
    dataset_free(&b->d);
}

static double margin(const fake *f, const float *x) { /* of class 1 over class 0 */
    double sum = (double)f->b[1] - f->b[0];
    for (int i = 0; i < D; i++)
        sum += ((double)f->w[D + i] - f->w[i]) * x[i];
    return sum;
}

/* On a linear model of two classes FGSM moves every pixel by eps along the sign of the difference of weights. */
static void linear_models_are_known(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CONSTANT);
    transferability t;
    err e = {{0}};
    int64_t n, moved, expected[2] = {0, 0};
    assert_ok(transferability_run(b.m, names, MODELS, &b.d, &b.plan, &b.r, &t, &e), e);
    assert_int_equal(t.sources, MODELS);
    for (int row = 0; row < N; row++) {
        float x[D];
        int label = b.d.labels[row];
        dataset_image(&b.d, row, x);
        bool other_right = (margin(b.f[1], x) > 0) == (label == 1);
        for (int i = 0; i < D; i++) {
            float up = b.f[0]->w[D + i] > b.f[0]->w[i] ? 0.1F : -0.1F;
            x[i] += label == 1 ? -up : up;
        }
        bool fools_own = (margin(b.f[0], x) > 0) != (label == 1),
             fools_other = (margin(b.f[1], x) > 0) != (label == 1);
        assert_int_equal(transferability_answers(&t, 0, 0)[row] != label, fools_own);
        assert_int_equal(transferability_answers(&t, 0, 1)[row] != label, fools_other);
        expected[0] += fools_own && other_right;
        expected[1] += fools_own && other_right && fools_other;
    }
    moved = transferability_pairs(&t, &b.d, 0, 1, &n);
    assert_true(expected[0] > 5 && expected[1] > 0 &&
                expected[1] < expected[0]); /* else the test says little */
    assert_int_equal(n, expected[0]);
    assert_int_equal(moved, expected[1]);
    assert_int_equal(transferability_pairs(&t, &b.d, 0, 2, &n), 0); /* what does not look is not fooled */
    assert_true(n > 0);
    moved = transferability_pairs(&t, &b.d, 0, 0, &n);
    assert_int_equal(moved, n);
    assert_int_equal(t.cost.outside, 0);
    assert_true(t.shown > 0);
    for (int i = 0; i < t.shown; i++)
        for (int k = 0; k < MODELS; k++)
            assert_int_equal(t.clean[k * N + t.rows[i]], b.d.labels[t.rows[i]]);
    transferability_free(&t);
    bench_free(&b);
}

/* A model is its own best surrogate, and the runner's verdict on last iterates is the same. */
static void agrees_with_the_runner(void **state) {
    (void)state;
    static const char *const methods[] = {"mifgsm", "pgd", "bim", "rfgsm"};
    bench b = bench_new(FAKE_LINEAR);
    model *twice[] = {&b.f[0]->m, &b.f[0]->m};
    for (int i = 0; i < 4; i++) {
        transferability t;
        attack_result a;
        err e = {{0}};
        const double eps = 0.05;
        b.plan.method = attack_find(methods[i]);
        b.plan.eps = eps;
        b.plan.norm = i % 2 ? NORM_LINF : NORM_L2;
        attack_plan plan = {
            .method = b.plan.method, .norm = b.plan.norm, .eps = &b.plan.eps, .n_eps = 1, .no_drop = true};
        assert_ok(transferability_run(twice, names, 2, &b.d, &b.plan, &b.r, &t, &e), e);
        assert_ok(attack_run(twice[0], &b.d, &plan, &b.r, &a, &e), e);
        for (int row = 0; row < N; row++) {
            assert_int_equal(transferability_answers(&t, 0, 0)[row] == b.d.labels[row],
                             a.broken_at[row] == 1);
            assert_int_equal(transferability_answers(&t, 0, 1)[row], transferability_answers(&t, 0, 0)[row]);
        }
        assert_int_equal(t.cost.outside, 0);
        attack_result_free(&a);
        transferability_free(&t);
    }
    bench_free(&b);
}

/* The control has the size that was asked for. */
static void noise_is_a_control(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    transferability t;
    err e = {{0}};
    assert_ok(transferability_run(b.m, names, MODELS, &b.d, &b.plan, &b.r, &t, &e), e);
    int64_t noisy = answers_right(&b.d, t.noisy),
            attacked = answers_right(&b.d, transferability_answers(&t, 0, 0));
    assert_true(noisy > attacked); /* chance does less than a gradient */
    assert_memory_not_equal(t.noisy, t.clean, N * sizeof *t.clean);
    transferability_free(&t);
    bench_free(&b);
}

static void threads_change_nothing(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    transferability one, four;
    err e = {{0}};
    b.plan.method = attack_find("pgd");
    assert_ok(transferability_run(b.m, names, MODELS, &b.d, &b.plan, &b.r, &one, &e), e);
    b.r.threads = 4;
    assert_ok(transferability_run(b.m, names, MODELS, &b.d, &b.plan, &b.r, &four, &e), e);
    assert_memory_equal(one.answers, four.answers, (size_t)MODELS * MODELS * N * sizeof *one.answers);
    assert_memory_equal(one.noisy, four.noisy, (size_t)MODELS * N * sizeof *one.noisy);
    assert_memory_equal(one.examples, four.examples, (size_t)MODELS * (size_t)one.shown * D * sizeof(float));
    assert_int_equal(one.cost.forwards, four.cost.forwards);
    assert_int_equal(one.cost.backwards, four.cost.backwards);
    transferability_free(&one);
    transferability_free(&four);
    bench_free(&b);
}

static void expect(bench *b, status wanted, const char *message, int models) {
    transferability t;
    err e = {{0}};
    assert_int_equal(transferability_run(b->m, names, models, &b->d, &b->plan, &b->r, &t, &e), wanted);
    if (!strstr(e.message, message)) fail_msg("\"%s\" does not say \"%s\"", e.message, message);
    assert_null(t.answers);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    bench b = bench_new(FAKE_BROKEN);
    expect(&b, STATUS_USAGE, "9 models", 9);
    expect(&b, STATUS_IO, "c: the model is gone", MODELS);
    b.plan.method = attack_find("deepfool");
    expect(&b, STATUS_USAGE, "a: deepfool", 2);
    b.plan = (walk_plan){.method = attack_find("fgsm"), .norm = NORM_L1, .eps = 1};
    expect(&b, STATUS_USAGE, "norm l1", 2);
    b.plan = (walk_plan){.method = attack_find("fgsm"), .norm = NORM_LINF, .eps = NAN};
    expect(&b, STATUS_USAGE, "eps nan", 2);
    b.plan.eps = 0.1;
    b.f[1]->m.classes = 5;
    expect(&b, STATUS_USAGE, "b: the model fake knows 5 classes", 2);
    bench_free(&b);
}

/* What was finished when the work was cancelled is kept. */
static void cancelled_keeps_what_is_done(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    volatile sig_atomic_t cancel = 0;
    transferability t;
    err e = {{0}};
    b.r.cancel = &cancel;
    b.f[1]->cancel = &cancel;
    b.f[1]->cancel_after = 24; /* of 7 tiles: clean, noise, source 0's examples, then its own walk */
    assert_int_equal(transferability_run(b.m, names, 2, &b.d, &b.plan, &b.r, &t, &e), STATUS_CANCELLED);
    assert_int_equal(t.sources, 1);
    transferability_free(&t);
    cancel = 0;
    b.f[1]->cancel_after = 0;
    assert_int_equal(transferability_run(b.m, names, 2, &b.d, &b.plan, &b.r, &t, &e), STATUS_CANCELLED);
    assert_null(t.answers);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_models_are_known), cmocka_unit_test(agrees_with_the_runner),
        cmocka_unit_test(noise_is_a_control),      cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(nonsense_is_refused),     cmocka_unit_test(cancelled_keeps_what_is_done)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
