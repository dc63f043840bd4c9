/* What saves evaluations changes no verdict: places of a tile filled ahead of time, walks that are given up, boxes kept from walk to walk. */
#include <math.h>
#include <string.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {6, 5, 3};
enum { CLASSES = 4, STEPS = 100 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
} bench;

static bench bench_of(fake_kind kind, shape size, int n) {
    bench b = {fake_new(kind, 31, size, CLASSES), fake_images(32, n, size, CLASSES, 0, 1), run_default()};
    fake_label(b.f, &b.d);
    return b;
}

static bench bench_new(fake_kind kind, int n) {
    return bench_of(kind, image, n);
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static attack_result attacked(bench *b, const attack_plan *plan) {
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&b->f->m, &b->d, plan, &b->r, &a, &e), e);
    return a;
}

static void assert_same(const attack_result *a, const attack_result *b) {
    size_t n = (size_t)a->n;
    assert_memory_equal(a->broken_at, b->broken_at, n * sizeof *a->broken_at);
    assert_memory_equal(a->distance, b->distance, n * sizeof *a->distance);
    assert_memory_equal(a->examples, b->examples, n * shape_size(image) * sizeof(float));
    assert_int_equal(a->forwards, b->forwards);
    assert_int_equal(a->backwards, b->backwards);
}

/* Few images leave room in a tile of 8; many leave none. A guess that is wrong must leave no trace, neither in the cost. */
static void looks_ahead(const char *name, norm p, double eps, int n) {
    bench b = bench_new(FAKE_CURVED, n);
    attack blind = *attack_find(name);
    assert_non_null(blind.ahead);
    blind.ahead = NULL;
    double both[] = {eps / 4, eps};
    attack_plan plan = {
        .method = &blind, .norm = p, .eps = both, .n_eps = 2, .options.steps = 300, .keep_examples = true};
    attack_result expected = attacked(&b, &plan);
    plan.method = attack_find(name);
    for (int threads = 1; threads <= 3; threads += 2)
        for (int batch = 0; batch < 8; batch += 7) {
            b.r.threads = threads;
            plan.batch = batch;
            int calls = atomic_load(&b.f->calls);
            attack_result a = attacked(&b, &plan);
            assert_same(&a, &expected);
            if (threads == 1 && batch == 0 && n == 2)
                assert_true((uint64_t)(atomic_load(&b.f->calls) - calls) <
                            expected.forwards * 2 / 5); /* two a call else, at best */
            attack_result_free(&a);
        }
    attack_result_free(&expected);
    bench_free(&b);
}

static void test_looking_ahead_changes_nothing(void **state) {
    (void)state;
    looks_ahead("square", NORM_LINF, 0.0008, 2);
    looks_ahead("square", NORM_LINF, 0.002, 40);
    looks_ahead("square", NORM_L2, 0.05, 3);
    looks_ahead("square", NORM_L1, 0.1, 3);
    looks_ahead("sparse-rs", NORM_L0, 1, 3);
}

/* A search that asks for the clean image again and again. */
static size_t count_bytes(const attack_sample *s) {
    (void)s;
    return sizeof(int);
}

static ask stand(const attack_sample *s, void *state, float *x) {
    *(int *)state = 0;
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_FORWARD;
}

static ask stay(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    (void)a, (void)x;
    return ++*(int *)state < s->options->steps ? ASK_FORWARD : ASK_DONE;
}

/* One that goes in a straight line to the image of 0.5 everywhere, where all logits are 0, and arrives a little beyond it: the margin falls
 * steadily, and only the last step breaks the sample. */
static ask go_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    (void)a;
    int taken = ++*(int *)state;
    double way = 1.005 * taken / (s->options->steps - 1);
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(s->x0[i] + way * (0.5 - s->x0[i]));
    return taken < s->options->steps ? ASK_FORWARD : ASK_DONE;
}

static attack search_of(const char *name,
                        ask (*next)(const attack_sample *, void *, const attack_answer *, float *)) {
    return (attack){.name = name,
                    .title = name,
                    .norms = 1u << NORM_L2,
                    .defaults = {.steps = STEPS, .restarts = 1, .random_start = true},
                    .state_bytes = count_bytes,
                    .start = stand,
                    .step = next};
}

static void test_what_stands_still_is_given_up(void **state) {
    (void)state;
    enum { N = 9 };
    bench b = bench_new(FAKE_LINEAR, N);
    attack still = search_of("still", stay);
    double eps = 100;
    attack_plan plan = {.method = &still, .norm = NORM_L2, .eps = &eps, .n_eps = 1, .gives_up = true};
    attack_result a = attacked(&b, &plan);
    assert_int_equal(a.forwards, N * (1 + STEPS / 5 + 1)); /* clean; a fifth, and the answer at its end */
    attack_result_free(&a);
    plan.to_the_end = true;
    a = attacked(&b, &plan);
    assert_int_equal(a.forwards, N * (1 + STEPS));
    attack_result_free(&a);
    plan = (attack_plan){.method = &still, .norm = NORM_L2, .eps = &eps, .n_eps = 1};
    a = attacked(&b, &plan);
    assert_int_equal(a.forwards, N * (1 + STEPS));
    attack_result_free(&a);
    bench_free(&b);
}

static void test_steady_progress_is_not_given_up(void **state) {
    (void)state;
    enum { N = 9 };
    bench b = bench_new(FAKE_LINEAR, N);
    attack steady = search_of("steady", go_on);
    double eps = 100;
    attack_plan plan = {.method = &steady, .norm = NORM_L2, .eps = &eps, .n_eps = 1, .gives_up = true};
    attack_result a = attacked(&b, &plan);
    assert_int_equal(attack_survivors(&a, 0), 0);
    assert_int_equal(a.forwards, N * (1 + STEPS + 1)); /* clean; the last of the steps; its re-check */
    attack_result_free(&a);
    bench_free(&b);
}

/* The cascade's methods on a model with many local maxima, at an eps that some images withstand. */
static void test_giving_up_changes_no_verdict_here(void **state) {
    (void)state;
    const char *const names[] = {"apgd-ce", "apgd-t", "fab-t", "square"};
    for (int i = 0; i < 4; i++) {
        bench b = bench_new(FAKE_CURVED, 60);
        double eps = 0.0005;
        attack_plan plan = {.method = attack_find(names[i]), .eps = &eps, .n_eps = 1, .verdicts_only = true};
        attack_result whole = attacked(&b, &plan);
        plan.gives_up = true;
        attack_result a = attacked(&b, &plan);
        int64_t left = attack_survivors(&whole, 0);
        assert_true(left > 5 && left < 55);
        assert_int_equal(attack_survivors(&a, 0), left);
        assert_true(a.forwards + a.backwards < (whole.forwards + whole.backwards) * 4 / 5);
        attack_result_free(&a);
        attack_result_free(&whole);
        bench_free(&b);
    }
}

/* A walk without a ball knows no eps: what it finds is the same whatever eps the plan asks about. In so few floats the likeliest other class is often
 * not the nearest, so that later targets count. */
static void test_free_walks_do_not_depend_on_eps(void **state) {
    (void)state;
    enum { N = 60 };
    const shape few = {2, 3, 1};
    const char *const names[] = {"fab-t", "lbfgs"};
    for (int i = 0; i < 2; i++) {
        bench b = bench_of(FAKE_LINEAR, few, N);
        double tiny = 1e-5, huge = 1e3;
        attack_plan plan = {.method = attack_find(names[i]),
                            .norm = i == 0 ? NORM_LINF : NORM_L2,
                            .n_eps = 1,
                            .eps = &tiny,
                            .keep_examples = true};
        attack_result a = attacked(&b, &plan);
        plan.eps = &huge;
        attack_result other = attacked(&b, &plan);
        plan.options.restarts = 1;
        attack_result first = attacked(&b, &plan);
        int later = 0;
        for (int row = 0; row < N; row++)
            later += other.distance[row] < first.distance[row];
        assert_true(later > 0);
        assert_memory_equal(a.distance, other.distance, N * sizeof *a.distance);
        assert_memory_equal(a.examples, other.examples, N * shape_size(few) * sizeof(float));
        attack_result_free(&a);
        attack_result_free(&other);
        attack_result_free(&first);
        bench_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looking_ahead_changes_nothing),
        cmocka_unit_test(test_what_stands_still_is_given_up),
        cmocka_unit_test(test_steady_progress_is_not_given_up),
        cmocka_unit_test(test_giving_up_changes_no_verdict_here),
        cmocka_unit_test(test_free_walks_do_not_depend_on_eps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
