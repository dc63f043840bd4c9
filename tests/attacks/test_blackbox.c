/* Methods without gradients, against models whose smallest adversarial perturbation is known. */
#include <math.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {3, 5, 3}; /* not square, three channels */

static attack_result attacked(fake *f, const dataset *d, attack_plan plan, int threads) {
    run r = run_default();
    r.threads = threads;
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&f->m, d, &plan, &r, &a, &e), e);
    assert_int_equal(a.outside.count + a.recheck_failed.count, 0);
    assert_int_equal(a.backwards, 0);
    return a;
}

static attack_plan plan_of(const char *name, norm p, const double *eps, int n_eps) {
    attack_plan plan = {
        .method = attack_find(name), .norm = p, .eps = eps, .n_eps = n_eps, .keep_examples = true};
    assert_non_null(plan.method);
    assert_true(plan.method->norms & 1u << p);
    return plan;
}

static double difference(const fake *f, int y, int j, size_t i) {
    size_t d = shape_size(f->m.input);
    return (double)f->w[(size_t)y * d + i] - f->w[(size_t)j * d + i];
}

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The number of floats that must change, each to the end of the box that helps most. */
static double fewest(const fake *f, const float *x, int y, int j, double margin) {
    size_t d = shape_size(f->m.input), count = 0;
    double *gains = calloc(d, sizeof *gains);
    for (size_t i = 0; i < d; i++) {
        double w = difference(f, y, j, i);
        gains[i] = w > 0 ? w * x[i] : -w * (1 - x[i]);
    }
    qsort(gains, d, sizeof *gains, descending);
    while (count < d && margin > 0)
        margin -= gains[count++];
    free(gains);
    return (double)count;
}

/* The distance of x, inside the box, to where class j is as likely as y. */
static double distance_to(const fake *f, norm p, const float *x, const float *z, int y, int j) {
    double dual = 0, margin = (double)z[y] - z[j];
    if (p == NORM_L0) return fewest(f, x, y, j, margin);
    for (size_t i = 0; i < shape_size(f->m.input); i++) {
        double w = difference(f, y, j, i);
        dual = p == NORM_LINF ? dual + fabs(w) : p == NORM_L1 ? fmax(dual, fabs(w)) : dual + w * w;
    }
    return margin / (p == NORM_L2 ? sqrt(dual) : dual);
}

static double minimal(const fake *f, norm p, const dataset *d, const attack_result *a, int row) {
    float x[64];
    const float *z = a->clean_logits + row * d->classes;
    double least = INFINITY;
    dataset_image(d, row, x);
    for (int j = 0; j < d->classes; j++)
        if (j != d->labels[row]) least = fmin(least, distance_to(f, p, x, z, d->labels[row], j));
    return least;
}

/* Never broken below the minimal norm, and always at an eps above `slack` times it. */
static void check_sweep(const char *name, norm p, shape size, int classes, const double *eps, int n_eps,
                        double slack) {
    enum { N = 24 };
    fake *f = fake_new(FAKE_LINEAR, 7, size, classes);
    dataset d = fake_images(8, N, size, classes, 0.35f, 0.65f);
    fake_label(f, &d);
    attack_result a = attacked(f, &d, plan_of(name, p, eps, n_eps), 4);
    int between = 0;
    for (int row = 0; row < N; row++) {
        double least = minimal(f, p, &d, &a, row), previous;
        int broken = a.broken_at[row];
        previous = broken > 0 ? eps[broken - 1] : 0;
        if (broken < n_eps && eps[broken] < least * (1 - 1e-5))
            fail_msg("%s %s: row %d: broken at %g below the minimal norm %g", name, norm_name(p), row,
                     eps[broken], least);
        if (previous > least * slack)
            fail_msg("%s %s: row %d: not broken at %g, minimal norm %g", name, norm_name(p), row, previous,
                     least);
        between += broken > 0 && broken < n_eps;
    }
    if (between < N / 3) fail_msg("%s: only %d of %d samples break inside the sweep", name, between, N);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static const double small[] = {0.002, 0.004, 0.007, 0.01, 0.014, 0.02, 0.028, 0.04, 0.056, 0.08};
static const double large[] = {0.01, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56};
static const double sums[] = {0.02, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2};
enum { SWEEP = sizeof small / sizeof *small };

static void test_square_comes_near_the_exact_ball(void **state) {
    (void)state;
    check_sweep("square", NORM_LINF, image, 2, small, SWEEP, 1.01);
    check_sweep("square", NORM_LINF, image, 3, small, SWEEP, 1.1);
    /* Weights without any order in space are the worst that bumps can meet. */
    check_sweep("square", NORM_L2, image, 2, large, SWEEP, 1.75);
    check_sweep("square", NORM_L2, image, 3, large, SWEEP, 1.75);
    check_sweep("square", NORM_L1, image, 2, sums, SWEEP, 1.75);
    check_sweep("square", NORM_L1, image, 3, sums, SWEEP, 1.75);
}

static void test_spsa_finds_the_exact_ball(void **state) {
    (void)state;
    check_sweep("spsa", NORM_LINF, image, 2, small, SWEEP, 1.05);
    /* It may follow another class than the nearest. */
    check_sweep("spsa", NORM_LINF, image, 3, small, SWEEP, 1.5);
}

/* What a walk without a ball finds: never nearer than the boundary, and on average and in each sample not much farther. */
static void check_distances(const char *name, norm p, int classes, double mean_slack, double slack) {
    enum { N = 24 };
    const double eps[] = {0.01, 10};
    fake *f = fake_new(FAKE_LINEAR, 7, image, classes);
    dataset d = fake_images(8, N, image, classes, 0.35f, 0.65f);
    fake_label(f, &d);
    attack_result a = attacked(f, &d, plan_of(name, p, eps, 2), 4);
    double sum = 0;
    for (int row = 0; row < N; row++) {
        double ratio = a.distance[row] / minimal(f, p, &d, &a, row);
        if (!(ratio >= 1 - 1e-4 && ratio <= slack))
            fail_msg("%s %s: row %d: %g times the minimal norm", name, norm_name(p), row, ratio);
        sum += ratio / N;
    }
    if (sum > mean_slack) fail_msg("%s %s: %g times the minimal norm", name, norm_name(p), sum);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static void test_hopskipjump_comes_near_the_boundary(void **state) {
    (void)state;
    check_distances("hopskipjump", NORM_L2, 2, 1.02, 1.1);
    check_distances("hopskipjump", NORM_LINF, 2, 1.15, 1.3);
    check_distances("hopskipjump", NORM_L2, 3, 1.1, 2);
}

static void test_boundary_comes_near_the_boundary(void **state) {
    (void)state;
    check_distances("boundary", NORM_L2, 2, 1.05, 1.15);
    check_distances("boundary", NORM_L2, 3, 1.1, 2);
}

static void test_sparse_rs_finds_the_fewest(void **state) {
    (void)state;
    const double counts[] = {0, 0.5, 1, 2, 3, 4, 5, 6, 7, 9};
    check_sweep("sparse-rs", NORM_L0, image, 2, counts, SWEEP, 1.1);
    check_sweep("sparse-rs", NORM_L0, image, 3, counts, SWEEP, 1.5);
}

static const struct subject {
    const char *name;
    norm p;
} subjects[] = {
    {"square", NORM_LINF}, {"square", NORM_L2},        {"square", NORM_L1},
    {"spsa", NORM_LINF},   {"hopskipjump", NORM_LINF}, {"hopskipjump", NORM_L2},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static const double *sweep_of(norm p) {
    static const double counts[SWEEP] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    return p == NORM_L0 ? counts : p == NORM_LINF ? small : p == NORM_L1 ? sums : large;
}

static void assert_same(const attack_result *a, const attack_result *b, size_t d) {
    size_t n = (size_t)a->n;
    assert_memory_equal(a->broken_at, b->broken_at, n * sizeof *a->broken_at);
    assert_memory_equal(a->distance, b->distance, n * sizeof *a->distance);
    assert_memory_equal(a->examples, b->examples, n * d * sizeof(float));
    assert_int_equal(a->forwards, b->forwards);
}

static attack_plan short_plan(int i, int n_eps) {
    attack_plan plan = plan_of(subjects[i].name, subjects[i].p, sweep_of(subjects[i].p), n_eps);
    plan.options.steps = strcmp(subjects[i].name, "spsa") == 0 ? 3 : 150;
    return plan;
}

/* Also with restarts, of which the second is the same whatever became of the others' samples. */
static void test_same_bits_for_any_threads_and_batch(void **state) {
    (void)state;
    enum { N = 21, CLASSES = 3 };
    fake *f = fake_new(FAKE_CURVED, 3, image, CLASSES);
    dataset d = fake_images(4, N, image, CLASSES, 0, 1);
    fake_label(f, &d);
    for (int i = 0; i < SUBJECTS; i++)
        for (int no_drop = 0; no_drop < 2; no_drop++) {
            attack_plan plan = short_plan(i, 5);
            plan.no_drop = no_drop;
            plan.options.restarts = 2;
            attack_result a = attacked(f, &d, plan, 1);
            plan.batch = 3;
            attack_result b = attacked(f, &d, plan, 2);
            plan.batch = 40;
            attack_result c = attacked(f, &d, plan, 4);
            assert_same(&a, &b, shape_size(image));
            assert_same(&a, &c, shape_size(image));
            attack_result_free(&a);
            attack_result_free(&b);
            attack_result_free(&c);
        }
    dataset_free(&d);
    fake_free(f);
}

/* A sample broken by its first start has no second: its example stays; others may be added, none is lost. */
static void test_restarts_are_independent_and_only_help(void **state) {
    (void)state;
    enum { N = 40, CLASSES = 3 };
    fake *f = fake_new(FAKE_CURVED, 11, image, CLASSES);
    dataset d = fake_images(12, N, image, CLASSES, 0, 1);
    fake_label(f, &d);
    for (int i = 0; i < SUBJECTS; i++) {
        attack_plan plan = short_plan(i, 1);
        bool free_walk = plan.method->order == EPS_FREE;
        double eps = plan.eps[1];
        plan.eps = &eps;
        plan.options.steps = free_walk ? 60 : 2;
        attack_result once = attacked(f, &d, plan, 2);
        plan.options.restarts = 4;
        attack_result often = attacked(f, &d, plan, 2);
        int better = 0;
        for (int row = 0; row < N; row++) {
            assert_true(often.broken_at[row] <= once.broken_at[row]);
            if (free_walk) {
                assert_true(!(often.distance[row] > once.distance[row]));
                better += often.distance[row] < once.distance[row];
            } else {
                if (once.broken_at[row] == 0) assert_true(often.distance[row] == once.distance[row]);
                better += often.broken_at[row] < once.broken_at[row];
            }
        }
        if (better == 0) fail_msg("%s: restarts change nothing", subjects[i].name);
        attack_result_free(&once);
        attack_result_free(&often);
    }
    dataset_free(&d);
    fake_free(f);
}

/* At eps 0 no query is made; images that are wrong unchanged are broken there, and nothing is spent on them. */
static void test_nothing_to_do(void **state) {
    (void)state;
    enum { N = 9, CLASSES = 3 };
    const double zero[] = {0}, one[] = {1};
    fake *f = fake_new(FAKE_LINEAR, 5, image, CLASSES);
    dataset d = fake_images(6, N, image, CLASSES, 0, 1);
    fake_label(f, &d);
    int32_t wrong[N];
    for (int row = 0; row < N; row++)
        wrong[row] = (d.labels[row] + 1) % CLASSES;
    dataset all_wrong = d;
    all_wrong.labels = wrong;
    for (int i = 0; i < SUBJECTS; i++) {
        attack_result a = attacked(f, &d, plan_of(subjects[i].name, subjects[i].p, zero, 1), 2);
        assert_int_equal(attack_survivors(&a, 0), N);
        assert_int_equal(a.forwards, N);
        attack_result_free(&a);
        a = attacked(f, &all_wrong, plan_of(subjects[i].name, subjects[i].p, one, 1), 2);
        assert_int_equal(attack_survivors(&a, 0), 0);
        assert_int_equal(a.forwards, N);
        attack_result_free(&a);
    }
    dataset_free(&d);
    fake_free(f);
}

/* Images of any shape, on models with and without a way to fool them; balls larger than the box. */
static void test_shapes_and_models(void **state) {
    (void)state;
    enum { N = 6 };
    const shape shapes[] = {{1, 1, 1}, {1, 1, 3}, {1, 7, 1}, {9, 2, 3}, {6, 6, 1}};
    const fake_kind kinds[] = {FAKE_LINEAR, FAKE_CONSTANT, FAKE_QUANTISED, FAKE_NAN, FAKE_SURE};
    for (int i = 0; i < SUBJECTS; i++)
        for (int k = 0; k < 25; k++)
            for (int no_drop = 0; no_drop < 2; no_drop++) {
                fake *f = fake_new(kinds[k / 5], (uint64_t)k, shapes[k % 5], 2);
                dataset d = fake_images(2, N, shapes[k % 5], 2, 0, 1);
                fake_label(f, &d);
                attack_plan plan = short_plan(i, SWEEP);
                plan.no_drop = no_drop;
                attack_result a = attacked(f, &d, plan, 1), b;
                if (kinds[k / 5] == FAKE_CONSTANT) assert_true(attack_survivors(&a, SWEEP - 1) == N);
                attack_result_free(&a);
                const double whole[] = {22, 32.5, 100};
                plan.eps = whole;
                plan.n_eps = 3;
                b = attacked(f, &d, plan, 1);
                attack_result_free(&b);
                dataset_free(&d);
                fake_free(f);
            }
}

static void test_targets_are_reached(void **state) {
    (void)state;
    enum { N = 12, CLASSES = 4 };
    fake *f = fake_new(FAKE_LINEAR, 9, image, CLASSES);
    dataset d = fake_images(10, N, image, CLASSES, 0.35f, 0.65f);
    fake_label(f, &d);
    int32_t targets[N];
    for (int row = 0; row < N; row++)
        targets[row] = (d.labels[row] + 1 + row % (CLASSES - 1)) % CLASSES;
    for (int i = 0; i < SUBJECTS; i++) {
        const double sizes[NORM_COUNT] = {[NORM_LINF] = 0.2, [NORM_L2] = 1.5, [NORM_L1] = 5, [NORM_L0] = 20};
        attack_plan plan = plan_of(subjects[i].name, subjects[i].p, &sizes[subjects[i].p], 1);
        plan.targets = targets;
        attack_result a = attacked(f, &d, plan, 4);
        int hits = 0;
        for (int row = 0; row < N; row++) {
            if (a.broken_at[row] == 1) continue;
            const float *z = a.example_logits + row * CLASSES;
            for (int c = 0; c < CLASSES; c++)
                assert_true(c == targets[row] || z[targets[row]] > z[c]);
            hits++;
        }
        if (hits < N * 3 / 4) fail_msg("%s: %d of %d reach their target", subjects[i].name, hits, N);
        attack_result_free(&a);
    }
    dataset_free(&d);
    fake_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_square_comes_near_the_exact_ball),
        cmocka_unit_test(test_spsa_finds_the_exact_ball),
        cmocka_unit_test(test_hopskipjump_comes_near_the_boundary),
        cmocka_unit_test(test_boundary_comes_near_the_boundary),
        cmocka_unit_test(test_sparse_rs_finds_the_fewest),
        cmocka_unit_test(test_same_bits_for_any_threads_and_batch),
        cmocka_unit_test(test_restarts_are_independent_and_only_help),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_shapes_and_models),
        cmocka_unit_test(test_targets_are_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
