/* Models of nets and predictions of whole data sets. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/predict.h"
#include "nets/zoo.h"

enum { N = 37, CLASSES = 4, SIDE = 6 };

static dataset make_data(void) {
    err e;
    dataset d = {.name = "made", .split = "all", .n = N, .classes = CLASSES, .image = {SIDE, SIDE, 1}};
    uint8_t *pixels = arena_array(&d.memory, N, SIDE * SIDE);
    int32_t *labels = arena_array(&d.memory, N, sizeof *labels);
    rng r = rng_stream(2, "test", 0, 0, 0, 0);
    for (int i = 0; i < N * SIDE * SIDE; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    for (int i = 0; i < N; i++)
        labels[i] = i % CLASSES;
    d.pixels = pixels;
    d.labels = labels;
    assert_ok(dataset_finish(&d, &e), e);
    return d;
}

static void test_predict(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    float one[N * CLASSES], many[N * CLASSES], alone[CLASSES], x[SIDE * SIDE];
    dataset d = make_data();
    assert_ok(zoo_build("small", d.image, CLASSES, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init(n, &w, 1);
    for (int threads = 1; threads <= 4; threads++) {
        model *m;
        run r = run_default();
        r.threads = threads;
        assert_ok(model_of_net(n, &w, threads % 2, &r, &m, &e), e);
        assert_int_equal(model_has_gradient(m), threads % 2);
        assert_int_equal(m->parameters, n->n_trainable);
        assert_ok(predict_logits(m, &d, &r, "predict", threads == 1 ? one : many, &e), e);
        if (threads > 1) assert_memory_equal(one, many, sizeof one);
        dataset_image(&d, N - 1, x);
        assert_ok(model_forward(m, 0, 1, x, false, alone, &e), e);
        assert_memory_equal(alone, one + (N - 1) * CLASSES, sizeof alone);
        float dz[CLASSES] = {1}, dx[SIDE * SIDE];
        if (!model_has_gradient(m)) assert_int_equal(model_vjp(m, 0, 1, dz, dx, &e), STATUS_UNSUPPORTED);
        model_free(m);
    }
    weights_free(&w);
    net_free(n);
    dataset_free(&d);
}

static void test_mismatch(void **state) {
    (void)state;
    err e;
    dataset d = make_data();
    model m = {.input = {28, 28, 1}, .classes = CLASSES, .arch = "other"};
    assert_int_equal(model_accepts(&m, &d, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "28 x 28 x 1"));
    assert_non_null(strstr(e.message, "6 x 6 x 1"));
    m.input = d.image;
    m.classes = 10;
    assert_int_equal(model_accepts(&m, &d, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "10 classes"));
    m.classes = CLASSES;
    assert_ok(model_accepts(&m, &d, &e), e);
    dataset_free(&d);
}

/* Fails on its third tile and later ones: the message of the earliest must come out, whatever the threads. */
static status failing(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    (void)self, (void)worker, (void)keep;
    memset(logits, 0, (size_t)n * CLASSES * sizeof *logits);
    int row = (int)lrintf(x[0] * 255);
    return row >= 16 ? err_set(e, STATUS_NOT_EVALUABLE, "row %d broke", row) : STATUS_OK;
}

static void test_failure(void **state) {
    (void)state;
    err e;
    float logits[N * CLASSES];
    dataset d = make_data();
    for (int i = 0; i < N; i++)
        ((uint8_t *)d.pixels)[i * SIDE * SIDE] = (uint8_t)i;
    const model_ops ops = {.forward = failing};
    model m = {
        .ops = &ops, .input = d.image, .classes = CLASSES, .workers = 3, .tile = 8, .thread_safe = true};
    for (int trial = 0; trial < 20; trial++) {
        run r = run_default();
        r.threads = 3;
        assert_int_equal(predict_logits(&m, &d, &r, "predict", logits, &e), STATUS_NOT_EVALUABLE);
        assert_string_equal(e.message, "row 16 broke");
    }
    dataset_free(&d);
}

static void test_counts(void **state) {
    (void)state;
    const float logits[] = {1, 2, 0, /**/ 3, 3, 1, /**/ NAN, 1, 2, /**/ 5, 4, 1, /**/ 0, INFINITY, 0};
    const int32_t labels[] = {1, 0, 2, 1, 1};
    prediction_counts c = count_predictions(logits, labels, 5, 3);
    assert_int_equal(c.n, 5);
    assert_int_equal(c.correct, 1);
    assert_int_equal(c.tied, 1);
    assert_int_equal(c.not_finite, 2);
    assert_false(c.constant);
    const float constant[] = {1, 2, 1, 2, 1, 2};
    assert_true(count_predictions(constant, labels, 3, 2).constant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
