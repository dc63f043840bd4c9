/* Methods that minimise the distance, against the exact minimal norm of a linear model; and every method on awkward data. */
#include <math.h>
#include <string.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {3, 5, 3};

static attack_result attacked(fake *f, const dataset *d, const attack_plan *plan) {
    run r = run_default();
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&f->m, d, plan, &r, &a, &e), e);
    return a;
}

/* min over classes of (z_y - z_j) / ||w_y - w_j|| in the dual norm. */
static double exact_norm(const fake *f, norm p, const float *z, int y) {
    size_t d = shape_size(f->m.input);
    double least = INFINITY;
    for (int j = 0; j < f->m.classes; j++) {
        double dual = 0;
        if (j == y) continue;
        for (size_t i = 0; i < d; i++) {
            double w = fabs((double)f->w[(size_t)y * d + i] - f->w[(size_t)j * d + i]);
            dual = p == NORM_LINF ? dual + w : p == NORM_L2 ? dual + w * w : fmax(dual, w);
        }
        least = fmin(least, ((double)z[y] - z[j]) / (p == NORM_L2 ? sqrt(dual) : dual));
    }
    return least;
}

/* The mean of found / exact over images whose minimal perturbation stays inside the box of pixels, and that none is below. */
static void check_exact(const char *name, norm p, int classes, double slack) {
    enum { N = 40 };
    static const double eps[] = {0.4};
    fake *f = fake_new(FAKE_LINEAR, 7, image, classes);
    dataset d = fake_images(8, N, image, classes, 0.45f, 0.55f);
    fake_label(f, &d);
    attack_plan plan = {
        .method = attack_find(name), .norm = p, .eps = eps, .n_eps = 1, .keep_examples = true};
    assert_non_null(plan.method);
    attack_result a = attacked(f, &d, &plan);
    int tested = 0;
    for (int row = 0; row < N; row++) {
        double exact = exact_norm(f, p, a.clean_logits + row * classes, d.labels[row]);
        /* A ball of .4 stays in the box around .5; DDN's radius, from 1 in shares of a twentieth, cannot reach the smallest. */
        if (exact > 0.4 || exact < (p == NORM_L2 ? 0.02 : 0)) continue;
        tested++;
        if (isnan(a.distance[row])) fail_msg("%s, row %d: nothing found, exact norm %g", name, row, exact);
        if (a.distance[row] < exact * (1 - 1e-4))
            fail_msg("%s, row %d: distance %g below the exact %g", name, row, (double)a.distance[row], exact);
        if (a.distance[row] > exact * slack)
            fail_msg("%s %s, row %d: distance %g, exact %g", name, norm_name(p), row, (double)a.distance[row],
                     exact);
        assert_int_equal(a.broken_at[row], a.distance[row] <= 0.4f ? 0 : 1);
    }
    if (tested < N / 5) fail_msg("%s %s: only %d images tested", name, norm_name(p), tested);
    assert_int_equal(a.outside.count + a.recheck_failed.count + a.not_finite.count, 0);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static void test_linear_minimal(void **state) {
    (void)state;
    for (int classes = 2; classes <= 5; classes += 3) {
        check_exact("deepfool", NORM_LINF, classes, 1.05); /* it overshoots by 2 % on purpose */
        check_exact("deepfool", NORM_L2, classes, 1.05);
        check_exact("fab", NORM_LINF, classes, 1.01);
        check_exact("fab", NORM_L2, classes, 1.01);
        check_exact("fab-t", NORM_LINF, classes, 1.01);
        check_exact("fab-t", NORM_L2, classes, 1.01);
        check_exact("fab-t", NORM_L1, classes, 1.01);
        if (classes == 2) check_exact("ddn", NORM_L2, 2, 1.01); /* cross entropy pushes towards all at once */
        check_exact("cw", NORM_L2, classes, 1.01);
        check_exact("bb", NORM_LINF, classes, classes == 2 ? 1.01 : 1.1); /* the boundary that it met first */
        check_exact("bb", NORM_L2, classes, classes == 2 ? 1.01 : 1.1);
        check_exact("bb", NORM_L1, classes, classes == 2 ? 1.01 : 1.3);
        check_exact("lbfgs", NORM_L2, classes == 2 ? 2 : 3, 1.05); /* aims at two classes or three */
        check_exact("ead", NORM_L1, classes, 1.3); /* the L2 part of its distance spreads what it changes */
        check_exact("fmn", NORM_LINF, classes,
                    classes == 2 ? 1.02 : 1.05); /* it climbs to the likeliest class */
        check_exact("fmn", NORM_L2, classes, classes == 2 ? 1.01 : 1.05);
    }
}

/* Every method and norm: few classes, odd images, nothing correct, eps 0, one sample. Nothing leaves the ball, and no result depends on
 * threads or batch. */
static void check_awkward(const attack *method, norm p, shape size, int classes) {
    enum { N = 6 };
    double eps[] = {0, p == NORM_L0 ? 3 : p == NORM_LINF ? 0.1 : 0.5};
    fake *f = fake_new(FAKE_LINEAR, 3, size, classes);
    dataset d = fake_images(4, N, size, classes, 0, 1);
    fake_label(f, &d);
    ((int32_t *)(uintptr_t)d.labels)[1] = (d.labels[1] + 1) % classes;
    attack_plan plan = {.method = method, .norm = p, .eps = eps, .n_eps = 2, .keep_examples = true};
    if (method->defaults.steps > 20) plan.options.steps = 20;
    attack_result a = attacked(f, &d, &plan);
    assert_int_equal(a.broken_at[1], 0);
    assert_int_equal(a.outside.count + a.recheck_failed.count, 0);
    for (int row = 0; row < N; row++) {
        const float *x = a.examples + (size_t)row * shape_size(size);
        const float *x0 = d.values + (size_t)row * shape_size(size);
        if (a.clean_correct[row]) assert_true(a.broken_at[row] >= 1);
        if (a.broken_at[row] == 1)
            assert_true(ball_distance(p, x0, x, shape_size(size)) <= eps[1] * (1 + 1e-6));
    }
    run one = run_default();
    one.threads = 1;
    plan.batch = 1;
    attack_result b;
    err e = {{0}};
    assert_ok(attack_run(&f->m, &d, &plan, &one, &b, &e), e);
    assert_memory_equal(a.broken_at, b.broken_at, N * sizeof *a.broken_at);
    assert_memory_equal(a.examples, b.examples, N * shape_size(size) * sizeof *a.examples);
    plan.n_eps = 1; /* eps 0 alone */
    attack_result zero = attacked(f, &d, &plan);
    for (int row = 0; row < N; row++)
        assert_int_equal(zero.broken_at[row], zero.clean_correct[row]);
    attack_result_free(&a);
    attack_result_free(&b);
    attack_result_free(&zero);
    dataset_free(&d);
    fake_free(f);
}

static void test_awkward(void **state) {
    (void)state;
    static const shape sizes[] = {{1, 1, 1}, {3, 5, 3}, {6, 4, 1}};
    const attack *method;
    for (int i = 0; (method = attack_at(i)); i++)
        for (int p = 0; p < NORM_COUNT; p++)
            for (int k = 0; k < 3 && method->norms & 1u << p; k++)
                for (int classes = 2; classes <= 4; classes++)
                    check_awkward(method, (norm)p, sizes[k], classes);
}

/* A cascade goes on from what earlier methods left: what was broken stays, with its example, and costs nothing more. */
static void test_after(void **state) {
    (void)state;
    enum { N = 30 };
    static const double eps[] = {0.002, 0.005, 0.02};
    fake *f = fake_new(FAKE_LINEAR, 7, image, 4);
    dataset d = fake_images(8, N, image, 4, 0.45f, 0.55f);
    fake_label(f, &d);
    attack_plan plan = {
        .method = attack_find("fgsm"), .norm = NORM_LINF, .eps = eps, .n_eps = 3, .keep_examples = true};
    attack_result first = attacked(f, &d, &plan);
    plan.method = attack_find("apgd-t");
    plan.after = &first;
    attack_result second = attacked(f, &d, &plan);
    plan.after = &second;
    plan.method = attack_find("pgd");
    attack_result third = attacked(f, &d, &plan);
    int open = 0, gained = 0;
    for (int row = 0; row < N; row++) {
        assert_true(second.broken_at[row] <= first.broken_at[row]);
        assert_true(third.broken_at[row] <= second.broken_at[row]);
        gained += second.broken_at[row] < first.broken_at[row];
        open += second.broken_at[row] > 0;
        if (second.broken_at[row] == first.broken_at[row])
            assert_memory_equal(second.examples + row * 45, first.examples + row * 45, 45 * sizeof(float));
    }
    assert_true(gained > 0 && open > 0);
    assert_true(third.forwards <= (uint64_t)(open * 41 * 3));
    attack_result_free(&first);
    attack_result_free(&second);
    attack_result_free(&third);
    dataset_free(&d);
    fake_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_linear_minimal), cmocka_unit_test(test_awkward),
                                       cmocka_unit_test(test_after)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
