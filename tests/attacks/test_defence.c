/* Defences: their derivatives, what BPDA and EOT do to them, names and bad options. */
#include <math.h>

#include "attacks/defence.h"
#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

enum { H = 7, W = 6, C = 3, D = H * W * C, K = 3, N = 5 };
static const shape image = {H, W, C};

static defence_chain chain_of(const char *text, shape s) {
    defence_chain c;
    err e = {{0}};
    assert_ok(defence_parse(text, s, &c, &e), e);
    return c;
}

/* A fake behind a chain: model_free leaves the fake, which frees itself. */
static model *defended(fake *f, const char *text, defended_options o) {
    defence_chain c = chain_of(text, f->m.input);
    model *m;
    err e = {{0}};
    assert_ok(model_defended(&f->m, &c, &o, &m, &e), e);
    return m;
}

static void random_floats(uint64_t seed, float *x, int n) {
    rng g = rng_stream(seed, "test-defence", 0, 0, 0, 0);
    for (int i = 0; i < n; i++)
        x[i] = rng_uniform(&g);
}

/* <A u, v> = <u, A' v>, with A u = (apply(x + h u) - apply(x - h u)) / 2h, for every kind that has a derivative. All are linear but the median,
 * which is so within a step that keeps the order of the pixels. */
static void test_pull_is_the_transpose_of_the_derivative(void **state) {
    (void)state;
    static const char *const texts[] = {"median:3",  "median:5", "blur:0.7",     "blur:2",
                                        "noise:0.2", "shift:2",  "resize-pad:3", "resize-pad:5"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        defence_chain chain = chain_of(texts[t], image);
        const defence *kind = chain.steps[0].kind;
        double strength = chain.steps[0].strength;
        for (uint32_t draw = 0; draw < 6; draw++) {
            const rng g = rng_stream(3, "test", 0, draw, 0, 0);
            float x[D], u[D], v[D], sides[2][D], back[D];
            double left = 0, right = 0;
            const float h = 1e-3f;
            random_floats(draw, x, D);
            random_floats(draw + 100, u, D);
            random_floats(draw + 200, v, D);
            for (int i = 0; i < D; i++) /* at least 4 h apart */
                x[i] = (float)((i * 89 + 31) % D) / D;
            for (int side = 0; side < 2; side++) {
                float moved[D];
                rng own = g;
                err e = {{0}};
                for (int i = 0; i < D; i++)
                    moved[i] = x[i] + (side ? h : -h) * u[i];
                assert_ok(kind->apply(strength, image, &own, moved, sides[side], &e), e);
            }
            rng own = g;
            kind->pull(strength, image, &own, x, v, back);
            for (int i = 0; i < D; i++) {
                left += ((double)sides[1][i] - sides[0][i]) / (2 * (double)h) * v[i];
                right += (double)u[i] * back[i];
            }
            if (fabs(left - right) > 1e-3 * fabs(right))
                fail_msg("%s, draw %u: %.9g by differences, %.9g by pull", texts[t], draw, left, right);
        }
    }
}

/* The gradient of the whole, through chain and net, against differences of its logits: with the same draws. */
static void test_gradient_of_a_defended_model(void **state) {
    (void)state;
    static const char *const texts[] = {"blur:1", "resize-pad:2,noise:0.1", "shift:1,blur:0.6,median:3"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        fake *f = fake_new(FAKE_LINEAR, 4, image, K);
        model *m = defended(f, texts[t], (defended_options){.seed = 9, .votes = 1});
        float x[D], logits[K], dz[K] = {0.3f, -1, 0.8f}, dx[D];
        const model_draws draws = {.row = 12, .stream = 5, .first = 2, .count = 4};
        const float h = 1e-3f;
        err e = {{0}};
        for (int i = 0; i < D; i++)
            x[i] = (float)((i * 89 + 31) % D) / D;
        assert_ok(model_forward_drawn(m, 1, 1, x, &draws, true, logits, &e), e);
        assert_ok(model_vjp(m, 1, 1, dz, dx, &e), e);
        for (int i = 0; i < D; i += 11) {
            double change = 0;
            for (int side = -1; side <= 1; side += 2) {
                float moved[D];
                memcpy(moved, x, sizeof x);
                moved[i] += (float)side * h;
                assert_ok(model_forward_drawn(m, 0, 1, moved, &draws, false, logits, &e), e);
                for (int k = 0; k < K; k++)
                    change += side * (double)dz[k] * logits[k];
            }
            assert_near(dx[i], change / (2 * (double)h), 0.02);
        }
        model_free(m);
        fake_free(f);
    }
}

static void test_without_derivative_zero_or_with_bpda_the_identity(void **state) {
    (void)state;
    static const char *const texts[] = {"quantize:5", "jpeg:60", "quantize:9,jpeg:90"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (int bpda = 0; bpda < 2; bpda++) {
            fake *f = fake_new(FAKE_LINEAR, 4, image, K);
            model *m = defended(f, texts[t], (defended_options){.votes = 1, .bpda = bpda});
            float x[N * D], logits[N * K], dz[N * K], dx[N * D], plain[N * D];
            err e = {{0}};
            random_floats(1, x, N * D);
            random_floats(2, dz, N * K);
            assert_false(model_is_random(m));
            assert_ok(model_forward(m, 3, N, x, true, logits, &e), e);
            assert_ok(model_vjp(m, 3, N, dz, dx, &e), e);
            assert_ok(model_forward(&f->m, 0, N, x, true, logits, &e),
                      e); /* linear: the same derivative everywhere */
            assert_ok(model_vjp(&f->m, 0, N, dz, plain, &e), e);
            for (int i = 0; i < N * D; i++)
                assert_true(dx[i] == (bpda ? plain[i] : 0));
            model_free(m);
            fake_free(f);
        }
}

static void test_quantize_rounds_to_levels(void **state) {
    (void)state;
    const shape s = {1, 7, 1};
    const float x[] = {-0.3f, 0.1f, 0.17f, 0.49f, 0.51f, 1, 1.2f}, want[] = {0, 0, 1, 1, 2, 3, 3};
    float out[7];
    err e = {{0}};
    rng g = rng_stream(0, "test", 0, 0, 0, 0);
    assert_ok(defence_find("quantize")->apply(4, s, &g, x, out, &e), e);
    for (int i = 0; i < 7; i++)
        assert_near(out[i], want[i] / 3, 1e-7);
}

/* A constant image stays itself, but where zeros come in. */
static void test_constant_images(void **state) {
    (void)state;
    static const char *const texts[] = {"quantize:256", "jpeg:95", "median:3", "blur:1.5"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        defence_chain c = chain_of(texts[t], image);
        float x[D], out[D];
        err e = {{0}};
        rng g = rng_stream(0, "test", 0, 0, 0, 0);
        for (int i = 0; i < D; i++)
            x[i] = 100.0f / 255;
        assert_ok(c.steps[0].kind->apply(c.steps[0].strength, image, &g, x, out, &e), e);
        for (int i = 0; i < D; i++)
            assert_near(out[i], x[i], t == 1 ? 2.01 / 255 : 1e-6);
    }
    for (uint32_t draw = 0; draw < 20; draw++)
        for (int resize = 0; resize < 2; resize++) {
            const defence *kind = defence_find(resize ? "resize-pad" : "shift");
            float x[D], out[D];
            err e = {{0}};
            rng g = rng_stream(0, "test", 0, draw, 0, 0);
            for (int i = 0; i < D; i++)
                x[i] = 0.5f;
            assert_ok(kind->apply(3, image, &g, x, out, &e), e);
            int ones = 0;
            for (int i = 0; i < D; i++) {
                assert_true(out[i] == 0 || fabsf(out[i] - 0.5f) < 1e-6f);
                ones += out[i] > 0;
            }
            assert_true(ones >= (H - 3) * (W - 3) * C);
        }
}

/* The mean over draws is that of each of them alone, whoever else is in the batch; and nears its expectation. */
static void test_means_over_draws(void **state) {
    (void)state;
    fake *f = fake_new(FAKE_LINEAR, 4, image, K);
    model *m = defended(f, "resize-pad:3,noise:0.3", (defended_options){.seed = 7, .votes = 6});
    float x[N * D], means[N * K], one[K], sum[K];
    model_draws draws[N];
    err e = {{0}};
    random_floats(1, x, N * D);
    for (int i = 0; i < N; i++)
        draws[i] = (model_draws){.row = 10 + i, .stream = 1, .first = 3, .count = (uint32_t)(1 + 5 * i)};
    assert_true(model_is_random(m));
    assert_int_equal(model_votes(m), 6);
    assert_ok(model_forward_drawn(m, 2, N, x, draws, false, means, &e), e);
    for (int i = 0; i < N; i++) {
        memset(sum, 0, sizeof sum);
        for (uint32_t d = 0; d < draws[i].count; d++) {
            const model_draws single = {draws[i].row, 1, 3 + d, 1};
            assert_ok(model_forward_drawn(m, 0, 1, x + i * D, &single, false, one, &e), e);
            for (int k = 0; k < K; k++)
                sum[k] += one[k] / (float)draws[i].count;
        }
        for (int k = 0; k < K; k++)
            assert_near(means[i * K + k], sum[k], 1e-4);
    }
    assert_int_equal(model_forward_drawn(m, 0, N, x, draws, true, means, &e),
                     STATUS_USAGE); /* more than a tile */
    model_free(m);
    /* E f(x + noise) = f(x), with a standard error that falls as the root of the draws. */
    m = defended(f, "noise:0.5", (defended_options){.seed = 7, .votes = 1});
    const model_draws many = {.row = 1, .count = 5000};
    assert_ok(model_forward_drawn(m, 0, 1, x, &many, false, means, &e), e);
    assert_ok(model_forward(&f->m, 0, 1, x, false, one, &e), e);
    for (int k = 0; k < K; k++) {
        double squares = 0;
        for (int i = 0; i < D; i++)
            squares += (double)f->w[k * D + i] * f->w[k * D + i];
        assert_near(means[k], one[k], 4.5 * 0.5 * sqrt(squares / 5000));
    }
    model_free(m);
    fake_free(f);
}

static const shape small = {4, 3, 1};
enum { ROWS = 40 };

typedef struct bench {
    fake *f;
    model *m;
    dataset d;
    run r;
} bench;

static bench bench_new(fake_kind kind, const char *text, int votes, bool bpda) {
    bench b = {
        .f = fake_new(kind, 21, small, K), .d = fake_images(22, ROWS, small, K, 0, 1), .r = run_default()};
    fake_label(b.f, &b.d);
    b.m = defended(b.f, text, (defended_options){.seed = 1, .votes = votes, .bpda = bpda});
    return b;
}

static void bench_free(bench *b) {
    model_free(b->m);
    dataset_free(&b->d);
    fake_free(b->f);
}

static attack_result attacked(model *m, const bench *b, attack_plan plan) {
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(m, &b->d, &plan, &b->r, &a, &e), e);
    return a;
}

/* On a grid of levels, eps one level: steps of BPDA end on the grid, where the defence changes nothing. */
static void test_bpda_recovers_the_undefended_result(void **state) {
    (void)state;
    static const double eps[] = {1.0 / 63, 4.0 / 63};
    bench b = bench_new(FAKE_LINEAR, "quantize:64", 1, false);
    float *grid = arena_array(&b.d.memory, ROWS * 12, sizeof *grid);
    for (int i = 0; i < ROWS * 12; i++)
        grid[i] = (float)(i * 29 % 64) / 63;
    b.d.values = grid;
    fake_label(b.f, &b.d);
    attack_plan plan = {.method = attack_find("fgsm"), .eps = eps, .n_eps = 2};
    attack_result open = attacked(&b.f->m, &b, plan), blind = attacked(b.m, &b, plan);
    model *through = defended(b.f, "quantize:64", (defended_options){.votes = 1, .bpda = true});
    attack_result bpda = attacked(through, &b, plan);
    assert_int_equal(attack_survivors(&blind, 1), ROWS);
    assert_int_equal(blind.zero_gradient.count, ROWS);
    assert_int_equal(bpda.zero_gradient.count, 0);
    assert_in_range(attack_survivors(&open, 0), 1, ROWS - 1);
    assert_memory_equal(open.broken_at, bpda.broken_at, ROWS * sizeof *open.broken_at);
    attack_result_free(&open);
    attack_result_free(&blind);
    attack_result_free(&bpda);
    model_free(through);
    bench_free(&b);
}

static void test_same_bits_for_any_threads_and_batch(void **state) {
    (void)state;
    static const double eps[] = {0.02, 0.1};
    static const char *const methods[] = {"pgd", "square", "apgd-ce"};
    const int threads[] = {1, 2, 4}, batches[] = {0, 1, 5};
    for (int i = 0; i < 3; i++) {
        bench b = bench_new(FAKE_CURVED, "resize-pad:1,noise:0.05", 5, false);
        attack_plan plan = {.method = attack_find(methods[i]),
                            .options = {.steps = 9, .restarts = 2},
                            .eps = eps,
                            .n_eps = 2,
                            .eot = 3,
                            .keep_examples = true};
        attack_result first = attacked(b.m, &b, plan);
        assert_in_range(attack_survivors(&first, 1), 0, ROWS - 1);
        for (int t = 0; t < 9; t++) {
            b.r.threads = threads[t / 3];
            plan.batch = batches[t % 3];
            attack_result a = attacked(b.m, &b, plan);
            assert_memory_equal(a.broken_at, first.broken_at, ROWS * sizeof *a.broken_at);
            assert_memory_equal(a.example_logits, first.example_logits, ROWS * K * sizeof(float));
            assert_memory_equal(a.examples, first.examples, ROWS * 12 * sizeof(float));
            assert_int_equal(a.forwards, first.forwards);
            assert_int_equal(a.backwards, first.backwards);
            assert_int_equal(a.refused, first.refused);
            assert_int_equal(a.overturned, first.overturned);
            attack_result_free(&a);
        }
        attack_result_free(&first);
        bench_free(&b);
    }
}

/* Where nothing breaks: votes on the clean image, and eot passes a step. */
static void test_cost_counts_every_draw(void **state) {
    (void)state;
    static const double eps[] = {1e-7};
    bench b = bench_new(FAKE_LINEAR, "noise:0.000001", 6, false);
    attack_plan plan = {
        .method = attack_find("pgd"), .options = {.steps = 5}, .eps = eps, .n_eps = 1, .eot = 4};
    attack_result a = attacked(b.m, &b, plan);
    assert_int_equal(attack_survivors(&a, 0), ROWS);
    assert_int_equal(a.backwards, ROWS * 5 * 4);
    assert_int_equal(a.forwards, ROWS * (6 + 6 * 4)); /* five gradients and the last iterate */
    attack_result_free(&a);
    /* Each image may spend 40: the votes, then three gradients; the next would eat what a measure and a verdict take. */
    b.r.budget = ROWS * 42;
    a = attacked(b.m, &b, plan);
    assert_true(a.budget_spent);
    assert_int_equal(a.backwards, ROWS * 3 * 4);
    attack_result_free(&a);
    bench_free(&b);
}

/* A single draw of strong noise breaks most images at once; the verdict, by the mean of many, stands by the model. */
static void test_lucky_draws_are_no_success(void **state) {
    (void)state;
    static const double eps[] = {1e-6};
    bench b = bench_new(FAKE_LINEAR, "noise:0.3", 400, false);
    attack_plan plan = {.method = attack_find("pgd"), .options = {.steps = 20}, .eps = eps, .n_eps = 1};
    attack_result a = attacked(b.m, &b, plan);
    int right = 0;
    for (int row = 0; row < ROWS; row++)
        right += a.clean_correct[row];
    assert_true(a.refused > ROWS / 2);
    assert_int_equal(a.recheck_failed.count, 0);
    if (attack_survivors(&a, 0) < right - 3)
        fail_msg("%d of %d survive noise that is no attack", (int)attack_survivors(&a, 0), right);
    attack_result_free(&a);
    bench_free(&b);
}

/* What was broken is broken for draws that nobody has seen. */
static void test_verdicts_hold_for_other_seeds(void **state) {
    (void)state;
    static const double eps[] = {0.1};
    bench b = bench_new(FAKE_LINEAR, "noise:0.2", 20, false);
    attack_plan plan = {
        .method = attack_find("pgd"), .eps = eps, .n_eps = 1, .eot = 4, .keep_examples = true};
    attack_result a = attacked(b.m, &b, plan);
    model *other = defended(b.f, "noise:0.2", (defended_options){.seed = 99, .votes = 20});
    int broken = 0, again = 0;
    for (int row = 0; row < ROWS; row++) {
        const model_draws draws = {.row = row, .count = 20};
        float z[K];
        err e = {{0}};
        if (a.broken_at[row] > 0 || !a.clean_correct[row]) continue;
        assert_ok(model_forward_drawn(other, 0, 1, a.examples + row * 12, &draws, false, z, &e), e);
        int y = b.d.labels[row];
        broken++;
        again += z[(y + 1) % K] >= z[y] || z[(y + 2) % K] >= z[y];
    }
    assert_true(broken >= 5);
    if (10 * again < 8 * broken) fail_msg("%d of %d broken ones are so for other draws", again, broken);
    attack_result_free(&a);
    model_free(other);
    bench_free(&b);
}

static void refused(const bench *b, model *m, attack_plan plan, const char *why) {
    attack_result a;
    err e = {{0}};
    assert_int_equal(attack_run(m, &b->d, &plan, &b->r, &a, &e), STATUS_USAGE);
    if (!strstr(e.message, why)) fail_msg("\"%s\" does not say \"%s\"", e.message, why);
}

static void test_plans_that_make_no_sense(void **state) {
    (void)state;
    static const double eps[] = {0.1};
    bench b = bench_new(FAKE_LINEAR, "noise:0.2", 20, false);
    attack_plan plan = {.method = attack_find("pgd"), .eps = eps, .n_eps = 1, .eot = 9};
    refused(&b, b.m, plan, "expected 1..8 of a model that is random");
    plan.eot = -1;
    refused(&b, b.m, plan, "-1 draws");
    plan.eot = 2;
    refused(&b, &b.f->m, plan, "not random");
    plan = (attack_plan){.method = attack_find("ddn"), .norm = NORM_L2, .eps = eps, .n_eps = 1};
    refused(&b, b.m, plan, "smallest distance");
    bench_free(&b);
}

static void test_bad_chains(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {{"", "unknown defence"},
               {"quantise:4", "did you mean \"quantize\""},
               {"quantize", "quantize:N"},
               {"quantize:", "levels, 2..256"},
               {"quantize:1", "2..256"},
               {"quantize:4.5", "whole"},
               {"quantize:4x", "4x"},
               {"quantize:nan", "nan"},
               {"noise:.1,", "unknown"},
               {"median:4", "odd"},
               {"median:11", "3..9"},
               {"jpeg:101", "1..100"},
               {"shift:6", "fewer than the 6"},
               {"resize-pad:6", "fewer than the 6"},
               {"blur:0", "0.1..8"},
               {"noise:-1", "standard deviation"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        defence_chain c;
        err e = {{0}};
        assert_int_equal(defence_parse(bad[i].text, image, &c, &e), STATUS_USAGE);
        if (!strstr(e.message, bad[i].why)) fail_msg("%s: \"%s\"", bad[i].text, e.message);
    }
    defence_chain c;
    err e = {{0}};
    assert_int_equal(defence_parse("jpeg:50", (shape){4, 4, 2}, &c, &e), STATUS_USAGE);
    char many[] = "blur:1,blur:1,blur:1,blur:1,blur:1,blur:1,blur:1,blur:1,blur:1", text[DEFENCE_TEXT];
    assert_int_equal(defence_parse(many, image, &c, &e), STATUS_USAGE);
    c = chain_of("quantize:8.0,noise:1e-1", image);
    assert_string_equal(defence_text(&c, text), "quantize:8,noise:0.1");
    assert_true(defence_is_random(&c) && defence_is_blind(&c));
    for (int i = 0; defence_at(i); i++)
        assert_ptr_equal(defence_find(defence_at(i)->name), defence_at(i));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pull_is_the_transpose_of_the_derivative),
        cmocka_unit_test(test_gradient_of_a_defended_model),
        cmocka_unit_test(test_without_derivative_zero_or_with_bpda_the_identity),
        cmocka_unit_test(test_quantize_rounds_to_levels),
        cmocka_unit_test(test_constant_images),
        cmocka_unit_test(test_means_over_draws),
        cmocka_unit_test(test_bpda_recovers_the_undefended_result),
        cmocka_unit_test(test_same_bits_for_any_threads_and_batch),
        cmocka_unit_test(test_cost_counts_every_draw),
        cmocka_unit_test(test_lucky_draws_are_no_success),
        cmocka_unit_test(test_verdicts_hold_for_other_seeds),
        cmocka_unit_test(test_plans_that_make_no_sense),
        cmocka_unit_test(test_bad_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
