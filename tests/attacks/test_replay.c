/* Stored examples: tried for one forward pass each, judged like any other, and what later methods go on after. */
#include <math.h>

#include "attacks/replay.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {4, 3, 1};
static const double sweep[] = {0.01, 0.05, 0.2};
enum { SWEEP = sizeof sweep / sizeof *sweep, N = 60, CLASSES = 3 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    const float *stored[N];
} bench;

static bench bench_new(void) {
    bench b = {fake_new(FAKE_CURVED, 21, image, CLASSES),
               fake_images(22, N, image, CLASSES, 0, 1),
               run_default(),
               {NULL}};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static attack_plan plan_of(norm norm_of_plan) {
    return (attack_plan){.method = attack_find("pgd"),
                         .norm = norm_of_plan,
                         .eps = sweep,
                         .n_eps = SWEEP,
                         .keep_examples = true};
}

static attack_result replayed(bench *b, const attack_plan *plan) {
    attack_result a;
    err e = {{0}};
    assert_ok(attack_replay(&b->f->m, &b->d, plan, b->stored, &b->r, &a, &e), e);
    return a;
}

/* What an attack found is found again, at the same eps and distance, for a forward pass each. */
static void finds_again_what_was_found(void **state) {
    (void)state;
    for (int k = NORM_LINF; k <= NORM_L1; k++) {
        bench b = bench_new();
        attack_plan plan = plan_of((norm)k);
        attack_result found, again;
        err e = {{0}};
        assert_ok(attack_run(&b.f->m, &b.d, &plan, &b.r, &found, &e), e);
        int broken = 0;
        for (int row = 0; row < N; row++)
            if (found.broken_at[row] < SWEEP) {
                b.stored[row] = found.examples + (size_t)row * shape_size(image);
                broken++;
            }
        assert_true(broken > N / 4);
        again = replayed(&b, &plan);
        assert_memory_equal(found.broken_at, again.broken_at, N * sizeof *again.broken_at);
        assert_memory_equal(found.distance, again.distance, N * sizeof *again.distance);
        assert_memory_equal(found.examples, again.examples, N * shape_size(image) * sizeof(float));
        assert_memory_equal(found.example_logits, again.example_logits, N * CLASSES * sizeof(float));
        assert_int_equal(again.forwards, N + broken);
        assert_int_equal(again.backwards, 0);
        attack_result_free(&found);
        attack_result_free(&again);
        bench_free(&b);
    }
}

/* What lies outside every ball, is no number, or does not mislead the model is nothing. */
static void counts_nothing_else(void **state) {
    (void)state;
    bench b = bench_new();
    attack_plan plan = plan_of(NORM_LINF);
    static float far[12], nan_image[12], same[12], beyond[12];
    dataset_image(&b.d, 2, same);
    dataset_image(&b.d, 1, nan_image);
    dataset_image(&b.d, 3, beyond);
    nan_image[5] = NAN;
    for (int i = 0; i < 12; i++)
        beyond[i] += beyond[i] < 0.5F ? 0.2001F : -0.2001F; /* just outside the largest */
    b.stored[0] = far;                                      /* black */
    b.stored[1] = nan_image;
    b.stored[2] = same;
    b.stored[3] = beyond;
    attack_result a = replayed(&b, &plan);
    for (int row = 0; row < N; row++) {
        assert_int_equal(a.broken_at[row], SWEEP);
        assert_true(isnan(a.distance[row]));
        assert_int_equal(a.finished[row], 1);
    }
    assert_int_equal(a.forwards, N + 1); /* only the unchanged one was asked for again */
    attack_result_free(&a);
    bench_free(&b);
}

/* Without stored examples it is the clean answers; a method that goes on after it ends where it ends alone. */
static void methods_go_on_after_it(void **state) {
    (void)state;
    bench b = bench_new();
    attack_plan plan = plan_of(NORM_LINF);
    attack_result alone, base, after;
    err e = {{0}};
    b.d.labels = memcpy(arena_array(&b.d.memory, N, sizeof(int32_t)), b.d.labels, N * sizeof(int32_t));
    ((int32_t *)b.d.labels)[7] = (b.d.labels[7] + 1) % CLASSES; /* one that is wrong unchanged */
    assert_ok(attack_run(&b.f->m, &b.d, &plan, &b.r, &alone, &e), e);
    assert_ok(attack_replay(&b.f->m, &b.d, &plan, NULL, &b.r, &base, &e), e);
    assert_int_equal(base.broken_at[7], 0);
    assert_int_equal(base.clean_correct[7], 0);
    assert_int_equal(base.forwards, N);
    plan.after = &base;
    assert_ok(attack_run(&b.f->m, &b.d, &plan, &b.r, &after, &e), e);
    assert_memory_equal(alone.broken_at, after.broken_at, N * sizeof *alone.broken_at);
    assert_memory_equal(alone.examples, after.examples, N * shape_size(image) * sizeof(float));
    assert_int_equal(after.forwards + base.forwards, alone.forwards);
    attack_result_free(&alone);
    attack_result_free(&base);
    attack_result_free(&after);
    bench_free(&b);
}

/* Time that is over stops a method; what it had is valid. */
static void a_deadline_cancels(void **state) {
    (void)state;
    bench b = bench_new();
    attack_plan plan = plan_of(NORM_LINF);
    attack_result base, cut;
    err e = {{0}};
    assert_ok(attack_replay(&b.f->m, &b.d, &plan, NULL, &b.r, &base, &e), e);
    plan.after = &base;
    b.r.deadline = 1e-9; /* long ago */
    assert_int_equal(attack_run(&b.f->m, &b.d, &plan, &b.r, &cut, &e), STATUS_CANCELLED);
    assert_int_equal(attack_survivors(&cut, SWEEP - 1), N);
    attack_result_free(&base);
    attack_result_free(&cut);
    bench_free(&b);
}

static void refuses_bad_plans(void **state) {
    (void)state;
    bench b = bench_new();
    attack_result a;
    err e;
    attack_plan plan = plan_of(NORM_LINF);
    static const double falling[] = {0.2, 0.1};
    plan.eps = falling;
    plan.n_eps = 2;
    assert_int_equal(attack_replay(&b.f->m, &b.d, &plan, b.stored, &b.r, &a, &e), STATUS_USAGE);
    assert_null(a.broken_at);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_again_what_was_found), cmocka_unit_test(counts_nothing_else),
        cmocka_unit_test(methods_go_on_after_it), cmocka_unit_test(a_deadline_cancels),
        cmocka_unit_test(refuses_bad_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
