/* Test-time augmentation: the mean over views, its gradient, and what it keeps of the model inside. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/tta.h"
#include "tests/support/fakes.h"

enum { H = 4, W = 5, C = 2, PIXELS = H * W * C, K = 3, N = 5 };
static const shape image = {H, W, C};

typedef struct bench {
    fake *inner;
    model *m;
    float x[N * PIXELS];
} bench;

static bench prepare(const char *text, fake_kind kind) {
    bench t = {.inner = fake_new(kind, 3, image, K)};
    tta_views views;
    err e;
    rng r = rng_stream(1, "test", 0, 0, 0, 0);
    assert_ok(tta_parse(text, &views, &e), e);
    assert_ok(model_tta(&t.inner->m, &views, &t.m, &e), e);
    for (int i = 0; i < N * PIXELS; i++)
        t.x[i] = 0.3F + 0.4F * rng_uniform(&r);
    return t;
}

static void finish(bench *t) {
    model_free(t->m);
    fake_free(t->inner);
}

static void softmax_of(const float *z, double *p) {
    double sum = 0;
    for (int k = 0; k < K; k++)
        sum += exp((double)z[k]);
    for (int k = 0; k < K; k++)
        p[k] = exp((double)z[k]) / sum;
}

/* Pixel (row, column) of x moved by (down, right) with its border repeated, after being mirrored or not. */
static float moved(const float *x, bool mirrored, int down, int right, int row, int at, int c) {
    int y = row - down, z = at - right;
    y = y < 0 ? 0 : y > H - 1 ? H - 1 : y;
    z = z < 0 ? 0 : z > W - 1 ? W - 1 : z;
    return x[(y * W + (mirrored ? W - 1 - z : z)) * C + c];
}

static void answers_with_the_mean_of_the_views(void **state) {
    (void)state;
    static const int moves[5][2] = {{0, 0}, {2, 0}, {-2, 0}, {0, 2}, {0, -2}};
    bench t = prepare("flip,shift=2", FAKE_LINEAR);
    err e;
    float logits[N * K];
    assert_ok(model_forward(t.m, 1, N, t.x, false, logits, &e), e);
    for (int i = 0; i < N; i++) {
        double mean[K] = {0}, total = 0;
        for (int v = 0; v < 10; v++) {
            float view[PIXELS], z[K];
            double p[K];
            for (int at = 0; at < PIXELS; at++)
                view[at] = moved(t.x + i * PIXELS, v > 4, moves[v % 5][0], moves[v % 5][1], at / (W * C),
                                 at / C % W, at % C);
            assert_ok(model_forward(&t.inner->m, 0, 1, view, false, z, &e), e);
            softmax_of(z, p);
            for (int k = 0; k < K; k++)
                mean[k] += p[k] / 10;
        }
        for (int k = 0; k < K; k++) {
            assert_near((double)logits[i * K + k], log(mean[k]), 1e-5);
            total += exp((double)logits[i * K + k]);
        }
        assert_near(total, 1, 1e-5);
    }
    assert_int_equal(t.m->flops, 10 * t.inner->m.flops);
    finish(&t);
}

static double objective(bench *t, const float *x, const float *cotangent) {
    float logits[K];
    double sum = 0;
    err e;
    assert_ok(model_forward(t->m, 0, 1, x, false, logits, &e), e);
    for (int k = 0; k < K; k++)
        sum += (double)(logits[k] * cotangent[k]);
    return sum;
}

static void gradients_are_those_of_the_mean(void **state) {
    (void)state;
    static const char *const texts[] = {"flip", "shift=1", "shift=3,flip"};
    static const fake_kind kinds[] = {FAKE_LINEAR, FAKE_CURVED};
    const float h = 1e-2F;
    for (int k = 0; k < 6; k++) {
        bench t = prepare(texts[k % 3], kinds[k / 3]);
        err e;
        float cotangents[N * K], logits[N * K], dx[N * PIXELS], wanted[PIXELS];
        for (int i = 0; i < N * K; i++)
            cotangents[i] = (float)(i % 4) - 1.3F;
        assert_true(model_has_gradient(t.m));
        assert_ok(model_forward(t.m, 2, N, t.x, true, logits, &e), e);
        for (int again = 0; again < 2; again++) /* may be asked several times */
            assert_ok(model_vjp(t.m, 2, N, cotangents, dx, &e), e);
        for (int i = 0; i < N; i++) {
            for (int at = 0; at < PIXELS; at++) {
                float x[PIXELS], kept;
                double f[4];
                memcpy(x, t.x + i * PIXELS, sizeof x);
                kept = x[at];
                for (int j = 0; j < 4; j++) { /* differences of the fourth order */
                    x[at] = kept + (float)(j < 2 ? j - 2 : j - 1) * h * 0.1F;
                    f[j] = objective(&t, x, cotangents + i * K);
                }
                wanted[at] = (float)((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * (double)h * 0.1));
            }
            assert_relative(dx + i * PIXELS, wanted, PIXELS, 5e-3);
        }
        finish(&t);
    }
}

/* The set of views is its own mirror image, so an image and its mirror image get the same answer. */
static void mirror_images_are_answered_alike(void **state) {
    (void)state;
    bench t = prepare("flip,shift=1", FAKE_CURVED);
    err e;
    float mirrored[PIXELS], a[K], b[K];
    for (int at = 0; at < PIXELS; at++)
        mirrored[at] = moved(t.x, true, 0, 0, at / (W * C), at / C % W, at % C);
    assert_ok(model_forward(t.m, 0, 1, t.x, false, a, &e), e);
    assert_ok(model_forward(t.m, 0, 1, mirrored, false, b, &e), e);
    assert_relative(a, b, K, 1e-6);
    finish(&t);
}

static void odd_models_stay_odd(void **state) {
    (void)state;
    err e;
    float logits[K];
    bench t = prepare("flip", FAKE_NAN);
    assert_ok(model_forward(t.m, 0, 1, t.x, false, logits, &e), e);
    for (int k = 0; k < K; k++)
        assert_true(isnan(logits[k]));
    finish(&t);
    t = prepare("shift", FAKE_TIED);
    assert_ok(model_forward(t.m, 0, 1, t.x, false, logits, &e), e);
    assert_true(logits[0] == logits[1] && logits[0] > logits[2]);
    finish(&t);
    t = prepare("flip,shift", FAKE_SURE); /* probabilities that no float holds */
    float dx[PIXELS];
    const float cotangent[K] = {1, -1, 0.5F};
    assert_ok(model_forward(t.m, 0, 1, t.x, true, logits, &e), e);
    assert_ok(model_vjp(t.m, 0, 1, cotangent, dx, &e), e);
    for (int k = 0; k < K; k++)
        assert_true(isfinite(logits[k]));
    for (int at = 0; at < PIXELS; at++)
        assert_true(isfinite(dx[at]));
    finish(&t);
    t = prepare("flip", FAKE_BROKEN);
    assert_int_equal(model_forward(t.m, 0, 1, t.x, false, logits, &e), STATUS_IO);
    finish(&t);
}

static void texts_are_parsed_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int n;
    } fine[] = {{"flip", 2}, {"shift", 5}, {"shift=64", 5}, {"flip,shift", 10}, {"shift=2,flip", 10}};
    static const char *const wrong[] = {"",         "flop",          "flip,",    ",flip",     "flip,flip",
                                        "shift=",   "shift=0",       "shift=65", "shift=1.5", "shift=-1",
                                        "shift=+1", "shift=1,shift", "flip=1",   "shift= 1"};
    tta_views v;
    err e;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        assert_ok(tta_parse(fine[i].text, &v, &e), e);
        assert_int_equal(v.n, fine[i].n);
        assert_true(!v.views[0].mirrored && v.views[0].down == 0 && v.views[0].right == 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (tta_parse(wrong[i], &v, &e) != STATUS_USAGE) fail_msg("\"%s\" was accepted", wrong[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_the_mean_of_the_views),
        cmocka_unit_test(gradients_are_those_of_the_mean),
        cmocka_unit_test(mirror_images_are_answered_alike),
        cmocka_unit_test(odd_models_stay_odd),
        cmocka_unit_test(texts_are_parsed_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
