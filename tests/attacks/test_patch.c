/* Adversarial patches: where they lie, that gradients find their way back, and that learning reaches what can be reached. */
#include <math.h>

#include "attacks/patch.h"
#include "core/rng.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {7, 6, 3};
enum { N = 50, CLASSES = 3, D = 126, SIDE = 3, PATCH = SIDE * SIDE * 3 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    patch_rules rules;
    learn_plan plan;
} bench;

static bench bench_new(fake_kind kind) {
    bench b = {fake_new(kind, 71, image, CLASSES),
               fake_images(72, N, image, CLASSES, 0.2F, 0.8F),
               run_default(),
               {.image = image, .side = SIDE, .seed = 3},
               {.target = 2, .steps = 60, .batch = 24, .step_size = 0.05}};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

/* Neither turned nor scaled, a patch lies whole and exact inside the image, at every place by and by, and touches nothing else. */
static void straight_patches_are_exact(void **state) {
    (void)state;
    patch_rules k = {.image = image, .side = SIDE, .seed = 3};
    bool seen[5][4] = {{false}};
    float patch[PATCH];
    for (int i = 0; i < PATCH; i++)
        patch[i] = (float)(i + 1) / PATCH;
    for (int id = 0; id < 400; id++) {
        float x[D] = {0};
        int top = -1, left = -1;
        patch_paste(&k, patch, id, 7, x);
        for (int i = D - 1; i >= 0; i--)
            if (x[i] == patch[0]) {
                top = i / 18;
                left = i / 3 % 6;
            }
        assert_in_range(top, 0, 4);
        assert_in_range(left, 0, 3);
        seen[top][left] = true;
        for (int i = 0; i < D; i++) {
            int row = i / 18 - top, col = i / 3 % 6 - left;
            bool covered = row >= 0 && row < SIDE && col >= 0 && col < SIDE;
            assert_near(x[i], covered ? patch[(row * SIDE + col) * 3 + i % 3] : 0, 1e-7);
        }
    }
    for (int i = 0; i < 20; i++)
        assert_true(seen[i / 4][i % 4]);
}

/* <paste(p) - paste(0), dx> = <p, pull(dx)>, turned and scaled too. */
static void pull_is_the_transpose_of_paste(void **state) {
    (void)state;
    patch_rules k = {.image = image, .side = SIDE, .seed = 3, .degrees = 40, .scale = 0.4};
    rng g = rng_stream(1, "test", 0, 0, 0, 0);
    float patch[PATCH], nothing[PATCH] = {0}, dx[D], with[D], without[D];
    for (int i = 0; i < PATCH; i++)
        patch[i] = rng_uniform(&g);
    for (int i = 0; i < D; i++)
        dx[i] = rng_normal(&g);
    for (int id = 0; id < 50; id++) {
        double pull[PATCH] = {0}, changed = 0, pulled = 0;
        for (int i = 0; i < D; i++)
            with[i] = without[i] = 0.3F;
        patch_paste(&k, patch, id, 0, with);
        patch_paste(&k, nothing, id, 0, without);
        patch_pull(&k, id, 0, dx, pull);
        for (int i = 0; i < D; i++)
            changed += ((double)with[i] - without[i]) * dx[i];
        for (int i = 0; i < PATCH; i++)
            pulled += pull[i] * patch[i];
        assert_near(pulled, changed, 1e-5);
    }
}

static double success(const bench *b, const float *patch) {
    int32_t clean[N], answers[N];
    int64_t n, hits;
    err e = {{0}};
    patch_change with = {&b->rules, &b->d, patch};
    assert_ok(changed_answers(&b->f->m, &b->d, &image_unchanged, &b->r, "test", clean, &e), e);
    assert_int_equal(answers_right(&b->d, clean), N);
    assert_ok(
        changed_answers(&b->f->m, &b->d, &(image_change){patch_make, &with}, &b->r, "test", answers, &e), e);
    hits = target_hits(&b->d, clean, answers, b->plan.target, &n);
    assert_true(n > N / 3 && n < N);
    return (double)hits / (double)n;
}

/* A learned patch reaches more than noise; one that hides the whole image decides alone. */
static void learning_reaches_the_class(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    float patch[D], noise[D];
    learn_cost cost = {0};
    err e = {{0}};
    assert_ok(patch_learn(&b.f->m, &b.d, &b.rules, &b.plan, &b.r, "test", patch, &cost, &e), e);
    assert_int_equal(cost.forwards, 60 * 24);
    assert_int_equal(cost.backwards, 60 * 24);
    for (int i = 0; i < PATCH; i++)
        assert_true(patch[i] >= 0 && patch[i] <= 1);
    patch_noise(&b.rules, noise);
    double learned = success(&b, patch), chance = success(&b, noise);
    if (!(learned > chance + 0.1)) fail_msg("learned %g, noise %g", learned, chance);
    bench_free(&b);

    const shape square = {6, 6, 3};
    b = (bench){fake_new(FAKE_LINEAR, 71, square, CLASSES),
                fake_images(72, N, square, CLASSES, 0.2F, 0.8F),
                run_default(),
                {.image = square, .side = 6, .seed = 3},
                {.target = 1, .steps = 60, .batch = 24, .step_size = 0.05}};
    fake_label(b.f, &b.d);
    assert_ok(patch_learn(&b.f->m, &b.d, &b.rules, &b.plan, &b.r, "test", patch, &cost, &e), e);
    assert_near(success(&b, patch), 1, 0);
    assert_ok(patch_of_image(&b.rules, &b.d, 4, noise, &e), e);
    dataset_image(&b.d, 4, patch);
    for (int i = 0; i < 108; i++)
        assert_near(noise[i], patch[i], 0.5 / 255 + 1e-6); /* as large as the image: the image, in 8 bits */
    bench_free(&b);
}

static void threads_change_nothing(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    float one[PATCH], four[PATCH];
    learn_cost cost = {0};
    err e = {{0}};
    b.rules.degrees = 20;
    assert_ok(patch_learn(&b.f->m, &b.d, &b.rules, &b.plan, &b.r, "test", one, &cost, &e), e);
    b.r.threads = 4;
    assert_ok(patch_learn(&b.f->m, &b.d, &b.rules, &b.plan, &b.r, "test", four, &cost, &e), e);
    assert_memory_equal(one, four, sizeof one);
    bench_free(&b);
}

static void refused(bench *b, const char *message) {
    float patch[D];
    learn_cost cost = {0};
    err e = {{0}};
    assert_int_equal(patch_learn(&b->f->m, &b->d, &b->rules, &b->plan, &b->r, "test", patch, &cost, &e),
                     STATUS_USAGE);
    if (!strstr(e.message, message)) fail_msg("\"%s\" does not say \"%s\"", e.message, message);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    b.rules.side = 7; /* of 7 x 6 */
    refused(&b, "side 7, expected 1..6");
    b.rules.side = 3;
    b.rules.degrees = NAN;
    refused(&b, "turned by nan");
    b.rules.degrees = 0;
    b.plan.target = 3;
    refused(&b, "target 3, expected 0..2");
    b.plan.target = -1;
    refused(&b, "needs a class");
    b.plan.target = 0;
    b.plan.steps = 0;
    refused(&b, "0 steps");
    b.plan.steps = 1;
    b.plan.step_size = NAN;
    refused(&b, "step size nan");
    volatile sig_atomic_t cancel = 1;
    float patch[PATCH];
    learn_cost cost = {0};
    err e = {{0}};
    b.plan.step_size = 0.1;
    b.r.cancel = &cancel;
    assert_int_equal(patch_learn(&b.f->m, &b.d, &b.rules, &b.plan, &b.r, "test", patch, &cost, &e),
                     STATUS_CANCELLED);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_patches_are_exact), cmocka_unit_test(pull_is_the_transpose_of_paste),
        cmocka_unit_test(learning_reaches_the_class), cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(nonsense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
