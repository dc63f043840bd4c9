/* Auto-PGD in the L1 ball and the saliency map, against what a linear model allows. */
#include <math.h>

#include "attacks/evasion/evasion_internal.h"
#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {3, 5, 3};
enum { N = 40, GRID = 30, D = 45 };

static attack_result attacked(fake *f, const dataset *d, const char *name, norm p, const double *eps,
                              int n_eps) {
    run r = run_default();
    attack_result a;
    err e = {{0}};
    attack_plan plan = {.method = attack_find(name), .norm = p, .eps = eps, .n_eps = n_eps};
    assert_ok(attack_run(&f->m, d, &plan, &r, &a, &e), e);
    assert_int_equal(a.outside.count + a.recheck_failed.count + a.not_finite.count, 0);
    return a;
}

/* Never broken below the minimal norm, and always above it: although the walk begins in larger balls, what it meets there does not count. */
static void test_apgd_l1_finds_the_exact_ball(void **state) {
    (void)state;
    static const char *const names[] = {"apgd-ce", "apgd-dlr", "apgd-t"};
    double eps[GRID];
    for (int i = 0; i < GRID; i++)
        eps[i] = 0.01 * pow(1.15, i);
    fake *f = fake_new(FAKE_LINEAR, 7, image, 2);
    dataset d = fake_images(8, N, image, 2, 0.45f, 0.55f);
    fake_label(f, &d);
    double largest = 0;
    for (size_t i = 0; i < D; i++)
        largest = fmax(largest, fabs((double)f->w[i] - f->w[D + i]));
    for (int k = 0; k < 3; k++)
        for (int one = 0; one < 2; one++) { /* all eps in one descent, or the middle one by itself */
            const double *from = one ? eps + GRID / 2 : eps;
            int n_eps = one ? 1 : GRID, inside = 0;
            attack_result a = attacked(f, &d, names[k], NORM_L1, from, n_eps);
            for (int row = 0; row < N; row++) {
                double minimal =
                    fabs((double)a.clean_logits[2 * row] - a.clean_logits[2 * row + 1]) / largest;
                int broken = a.broken_at[row];
                if (minimal > 0.4) continue; /* the box is in the way */
                if (broken < n_eps && from[broken] < minimal * (1 - 1e-5))
                    fail_msg("%s row %d: broken at %g below %g", names[k], row, from[broken], minimal);
                if (broken > 0 && from[broken - 1] > minimal * 1.05)
                    fail_msg("%s row %d: not broken at %g, minimal %g", names[k], row, from[broken - 1],
                             minimal);
                inside += broken < n_eps;
            }
            assert_true(inside > N / 8);
            attack_result_free(&a);
        }
    dataset_free(&d);
    fake_free(f);
}

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static double fewest(const fake *f, const float *x, int y, double margin) {
    double gains[D];
    int count = 0;
    for (size_t i = 0; i < D; i++) {
        double w = ((double)f->w[i] - f->w[D + i]) * (y == 0 ? 1 : -1);
        gains[i] = w > 0 ? w * x[i] : -w * (1 - x[i]);
    }
    qsort(gains, D, sizeof *gains, descending);
    while (count < D && margin > 0)
        margin -= gains[count++];
    return count;
}

static void test_jsma_changes_few(void **state) {
    (void)state;
    static const double eps[] = {D};
    fake *f = fake_new(FAKE_LINEAR, 7, image, 2);
    dataset d = fake_images(8, N, image, 2, 0.35f, 0.65f);
    fake_label(f, &d);
    attack_result a = attacked(f, &d, "jsma", NORM_L0, eps, 1);
    double found = 0, needed = 0;
    for (int row = 0; row < N; row++) {
        float x[D];
        dataset_image(&d, row, x);
        double margin = fabs((double)a.clean_logits[2 * row] - a.clean_logits[2 * row + 1]);
        double least = fewest(f, x, d.labels[row], margin);
        assert_true(a.distance[row] >= least && a.distance[row] <= 2 * least + 1);
        found += a.distance[row];
        needed += least;
    }
    if (found > 1.2 * needed) fail_msg("%g floats changed, %g needed", found, needed);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

/* Of a linear model the steepest floats are the fewest. */
static void test_bb_changes_the_fewest(void **state) {
    (void)state;
    static const double eps[] = {D};
    fake *f = fake_new(FAKE_LINEAR, 7, image, 2);
    dataset d = fake_images(8, N, image, 2, 0, 1);
    fake_label(f, &d);
    attack_result a = attacked(f, &d, "bb", NORM_L0, eps, 1);
    int most = 0;
    for (int row = 0; row < N; row++) {
        float x[D];
        dataset_image(&d, row, x);
        double margin = fabs((double)a.clean_logits[2 * row] - a.clean_logits[2 * row + 1]);
        double least = fewest(f, x, d.labels[row], margin);
        if ((double)a.distance[row] != least)
            fail_msg("row %d: %g floats changed, %g needed", row, (double)a.distance[row], least);
        most = least > most ? (int)least : most;
    }
    assert_true(most >= 3);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

/* In float32, not only before rounding. */
static void test_l1_projection_is_inside(void **state) {
    (void)state;
    enum { LARGE = 3072 };
    float x0[LARGE], lb[LARGE], ub[LARGE], x[LARGE];
    rng g = rng_stream(1, "test", 0, 0, 0, 0);
    for (int trial = 0; trial < 60; trial++) {
        double eps = 0.5 + trial;
        for (int i = 0; i < LARGE; i++)
            x0[i] = rng_uniform(&g);
        ball_box(NORM_L1, eps, x0, LARGE, lb, ub);
        attack_sample s = {.d = LARGE, .norm = NORM_L1, .eps = eps, .x0 = x0, .lb = lb, .ub = ub};
        for (int i = 0; i < LARGE; i++)
            x[i] = x0[i] + rng_normal(&g);
        ball_project(&s, x);
        double distance = ball_distance(NORM_L1, x0, x, LARGE);
        if (!(distance <= eps && distance > eps * (1 - 1e-4)))
            fail_msg("eps %g: distance %.9g", eps, distance);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apgd_l1_finds_the_exact_ball), cmocka_unit_test(test_jsma_changes_few),
        cmocka_unit_test(test_bb_changes_the_fewest), cmocka_unit_test(test_l1_projection_is_inside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
