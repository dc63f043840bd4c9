/* One perturbation for all images: on linear models the best one is known. */
#include <math.h>

#include "attacks/universal.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {5, 4, 1};
enum { N = 60, CLASSES = 2, D = 20 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    learn_plan plan;
} bench;

static bench bench_new(fake_kind kind) {
    bench b = {fake_new(kind, 81, image, CLASSES),
               fake_images(82, N, image, CLASSES, 0.4F, 0.6F),
               run_default(),
               {.target = 1, .steps = 80, .batch = 24, .step_size = 0.05}};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static double difference(const fake *f, int i) {
    return (double)f->w[D + i] - f->w[i];
}

static double length_of(const float *x) {
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

/* Towards class 1 of two, every pixel by eps along the sign of the difference of weights (Linf); along the difference itself (L2). */
static void linear_models_are_known(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    float delta[D];
    learn_cost cost = {0};
    err e = {{0}};
    const double eps = 0.1;
    assert_ok(universal_learn(&b.f->m, &b.d, NORM_LINF, eps, &b.plan, &b.r, "test", delta, &cost, &e), e);
    for (int i = 0; i < D; i++) {
        assert_near(delta[i], difference(b.f, i) > 0 ? eps : -eps, 1e-7);
        assert_true(fabs((double)delta[i]) <= eps);
    }
    int32_t answers[N];
    universal_change with = {delta, D};
    assert_ok(
        changed_answers(&b.f->m, &b.d, &(image_change){universal_make, &with}, &b.r, "test", answers, &e), e);
    for (int row = 0; row < N; row++) {
        float x[D];
        double margin = (double)b.f->b[1] - b.f->b[0];
        dataset_image(&b.d, row, x);
        for (int i = 0; i < D; i++)
            margin += difference(b.f, i) * (x[i] + (double)delta[i]);
        assert_int_equal(answers[row], margin > 0);
    }
    assert_int_equal(cost.forwards, 80 * 24);

    assert_ok(universal_learn(&b.f->m, &b.d, NORM_L2, eps, &b.plan, &b.r, "test", delta, &cost, &e), e);
    double along = 0, size = 0;
    for (int i = 0; i < D; i++) {
        along += difference(b.f, i) * delta[i];
        size += difference(b.f, i) * difference(b.f, i);
    }
    assert_true(length_of(delta) <= eps);
    assert_near(along / sqrt(size) / eps, 1, 1e-3);
    bench_free(&b);
}

/* Images whose loss is above the cap are left alone: with all of them above it, nothing is learned. */
static void cap_is_kept(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    float delta[D], first[D];
    learn_cost cost = {0};
    err e = {{0}};
    b.plan.target = -1;
    b.plan.cap = 1e-12;
    assert_ok(universal_learn(&b.f->m, &b.d, NORM_LINF, 0.1, &b.plan, &b.r, "test", delta, &cost, &e), e);
    b.plan.steps = 1;
    assert_ok(universal_learn(&b.f->m, &b.d, NORM_LINF, 0.1, &b.plan, &b.r, "test", first, &cost, &e), e);
    assert_memory_equal(delta, first, sizeof delta);
    for (int i = 0; i < D; i++)
        assert_near(fabsf(delta[i]), 0.01, 1e-7); /* where it starts */
    bench_free(&b);
}

static void chance_has_its_size(void **state) {
    (void)state;
    float delta[D];
    int ups = 0;
    universal_random(NORM_LINF, 0.25, 4, D, delta);
    for (int i = 0; i < D; i++) {
        assert_near(fabsf(delta[i]), 0.25, 0);
        ups += delta[i] > 0;
    }
    assert_true(ups > 3 && ups < D - 3);
    universal_random(NORM_L2, 0.7, 4, D, delta);
    assert_near(length_of(delta), 0.7, 1e-6);
}

static void changes_are_counted(void **state) {
    (void)state;
    const int32_t clean[] = {0, 1, -1, 2, 1}, answers[] = {0, 2, 1, -1, 1};
    int64_t n;
    assert_int_equal(answers_changed(5, clean, answers, &n), 2);
    assert_int_equal(n, 4);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for (int which = 0; which < 2; which++) {
        bench b = bench_new(FAKE_CURVED);
        float one[D], four[D];
        learn_cost cost = {0};
        err e = {{0}};
        b.plan.target = -1;
        assert_ok(universal_learn(&b.f->m, &b.d, which ? NORM_L2 : NORM_LINF, 0.1, &b.plan, &b.r, "test", one,
                                  &cost, &e),
                  e);
        b.r.threads = 4;
        assert_ok(universal_learn(&b.f->m, &b.d, which ? NORM_L2 : NORM_LINF, 0.1, &b.plan, &b.r, "test",
                                  four, &cost, &e),
                  e);
        assert_memory_equal(one, four, sizeof one);
        bench_free(&b);
    }
}

static void refused(bench *b, norm which, double eps, const char *message) {
    float delta[D];
    learn_cost cost = {0};
    err e = {{0}};
    assert_int_equal(universal_learn(&b->f->m, &b->d, which, eps, &b->plan, &b->r, "test", delta, &cost, &e),
                     STATUS_USAGE);
    if (!strstr(e.message, message)) fail_msg("\"%s\" does not say \"%s\"", e.message, message);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    refused(&b, NORM_L1, 0.1, "linf or l2, not l1");
    refused(&b, NORM_LINF, NAN, "eps nan");
    refused(&b, NORM_LINF, 0, "eps 0");
    b.plan.batch = 0;
    refused(&b, NORM_LINF, 0.1, "80 steps of 0 images");
    b.f->m.classes = 7;
    refused(&b, NORM_LINF, 0.1, "knows 7 classes");
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_models_are_known), cmocka_unit_test(cap_is_kept),
        cmocka_unit_test(chance_has_its_size),     cmocka_unit_test(changes_are_counted),
        cmocka_unit_test(threads_change_nothing),  cmocka_unit_test(nonsense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
