/* Promises of a session in training: bits do not depend on threads; heads and input gradients change nothing of the main path; batch statistics are
 * those of the formula; dropout masks belong to rows. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/session.h"
#include "tests/support/session_setup.h"

/* One training step: logits, gradients of parameters and input, and the weights with their new running statistics. */
typedef struct outcome {
    float logits[OUTPUTS], *grad, *dx;
    weights w;
} outcome;

static void train_step(const setup *s, int threads, kernel_choice kernel, outcome *o) {
    err e;
    session *t;
    run r = run_default();
    r.threads = threads;
    r.kernel = kernel;
    r.seed = 3;
    memset(o->logits, 0, sizeof o->logits);
    o->grad = malloc(s->net->n_trainable * sizeof(float));
    o->dx = malloc(SAMPLES * shape_size(s->net->input) * sizeof(float));
    assert_ok(weights_copy(&s->w, &o->w, &e), e);
    assert_ok(session_new(s->net, &o->w, SESSION_TRAIN, SAMPLES, &r, &t, &e), e);
    train_context c = {.ids = s->ids, .epoch = 1, .step = 2, .update_statistics = true};
    assert_ok(session_train_forward(t, &o->w, SAMPLES, s->x, &c, o->logits, &e), e);
    assert_ok(session_train_backward(t, &o->w, SAMPLES, s->cotangent, o->grad, o->dx, &e), e);
    session_free(t);
}

static void outcome_free(outcome *o) {
    free(o->grad);
    free(o->dx);
    weights_free(&o->w);
}

static void assert_same_outcome(const setup *s, const outcome *a, const outcome *b) {
    assert_memory_equal(a->logits, b->logits, sizeof a->logits);
    assert_memory_equal(a->grad, b->grad, s->net->n_trainable * sizeof(float));
    assert_memory_equal(a->dx, b->dx, SAMPLES * shape_size(s->net->input) * sizeof(float));
    assert_memory_equal(a->w.data, b->w.data, s->net->n_floats * sizeof(float));
}

static void training_ignores_threads(const char *arch, kernel_choice kernel) {
    setup s;
    outcome one, many;
    set_up(&s, arch, (shape){16, 16, 2});
    train_step(&s, 1, kernel, &one);
    for (int threads = 2; threads <= 8; threads *= 2) {
        train_step(&s, threads, kernel, &many);
        assert_same_outcome(&s, &one, &many);
        outcome_free(&many);
    }
    outcome_free(&one);
    tear_down(&s);
}

static void test_training_ignores_threads(void **state) {
    (void)state;
    training_ignores_threads("resnet8", KERNEL_AUTO);
    training_ignores_threads("resnet8", KERNEL_OPENBLAS);
    training_ignores_threads("vgg-small", KERNEL_AUTO);
    training_ignores_threads("madry", KERNEL_AUTO);
    training_ignores_threads("lenet5", KERNEL_PORTABLE);
    training_ignores_threads("googlenet-small", KERNEL_AUTO);
    training_ignores_threads("mobilenet-0.25", KERNEL_AUTO);
}

/* A trunk of one convolution, one head on it for training and the main one behind. */
static net *with_head(bool marked) {
    err e;
    net *n;
    net_builder *b = net_begin("head", (shape){8, 8, 2});
    int at = net_add(b, "conv", "conv2d", &(layer_config){.out = 8, .kernel = {3, 3}}, 1, (int[]){0});
    at = net_add(b, "bn", "batch_norm", NULL, 1, &at);
    at = net_add(b, "relu", "relu", NULL, 1, &at);
    if (marked) {
        int aux = net_add(b, "aux.conv", "conv2d", &(layer_config){.out = 64, .kernel = {1, 1}}, 1, &at);
        aux = net_add(b, "aux.flatten", "flatten", NULL, 1, &aux);
        aux = net_add(b, "aux.fc", "linear", &(layer_config){.out = CLASSES, .bias = true}, 1, &aux);
        net_mark_aux(b, aux);
    }
    at = net_add(b, "pool", "global_avg_pool", NULL, 1, &at);
    net_add(b, "fc", "linear", &(layer_config){.out = CLASSES, .bias = true}, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    return n;
}

/* Both blocks of logits and the gradient of a step with `threads`. */
static void step_with_head(const net *n, weights *w, int threads, const float *x, const float *cotangent,
                           float *logits, float *grad) {
    err e;
    session *t;
    run r = run_default();
    int32_t ids[SAMPLES] = {0};
    train_context c = {.ids = ids};
    r.threads = threads;
    assert_ok(session_new(n, w, SESSION_TRAIN, SAMPLES, &r, &t, &e), e);
    assert_ok(session_train_forward(t, w, SAMPLES, x, &c, logits, &e), e);
    assert_ok(session_train_backward(t, w, SAMPLES, cotangent, grad, NULL, &e), e);
    session_free(t);
}

/* The same bits for any number of threads; a head without weight in the loss changes nothing of the main path; and outside
 * training neither steps nor memory are spent on it. */
static void test_auxiliary_head(void **state) {
    (void)state;
    err e;
    net *n = with_head(true), *bare = with_head(false);
    weights w, bare_w;
    enum { BLOCK = SAMPLES * CLASSES };
    float x[SAMPLES * 128], cotangent[2 * BLOCK] = {0}, logits[2 * BLOCK], again[2 * BLOCK],
                                          bare_logits[BLOCK];
    float *grad = malloc(n->n_trainable * sizeof *grad), *grad_again = malloc(n->n_trainable * sizeof *grad);
    rng r = rng_stream(5, "test", 0, 0, 0, 0);
    assert_ok(weights_new(n, &w, &e), e);
    assert_ok(weights_new(bare, &bare_w, &e), e);
    for (size_t i = 0; i < n->n_trainable; i++)
        w.data[i] = rng_normal(&r);
    for (int i = 0; i < SAMPLES * 128; i++)
        x[i] = rng_uniform(&r);
    for (int i = 0; i < 2 * BLOCK; i++)
        cotangent[i] = rng_normal(&r);
    step_with_head(n, &w, 1, x, cotangent, logits, grad);
    step_with_head(n, &w, 3, x, cotangent, again, grad_again);
    assert_memory_equal(logits, again, sizeof logits);
    assert_memory_equal(grad, grad_again, n->n_trainable * sizeof *grad);

    for (int p = 0; p < bare->n_params; p++)
        for (int q = 0; q < n->n_params; q++)
            if (!strcmp(bare->params[p].name, n->params[q].name))
                memcpy(bare_w.data + bare->params[p].offset, w.data + n->params[q].offset,
                       n->params[q].size * sizeof(float));
    memset(cotangent + BLOCK, 0, BLOCK * sizeof *cotangent);
    step_with_head(n, &w, 2, x, cotangent, logits, grad);
    step_with_head(bare, &bare_w, 2, x, cotangent, bare_logits, grad_again);
    assert_memory_equal(logits, bare_logits, sizeof bare_logits);
    assert_memory_equal(grad, grad_again,
                        n->params[0].size * sizeof *grad); /* conv.weight is the first in both */

    session *with, *without;
    run one = run_default();
    assert_ok(session_new(n, &w, SESSION_INFER | SESSION_INPUT_GRAD, 0, &one, &with, &e), e);
    assert_ok(session_new(bare, &bare_w, SESSION_INFER | SESSION_INPUT_GRAD, 0, &one, &without, &e), e);
    assert_int_equal(session_bytes(with), session_bytes(without));
    assert_ok(session_infer(with, 0, 1, x, logits, &e), e);
    assert_ok(session_infer(without, 0, 1, x, bare_logits, &e), e);
    assert_memory_equal(logits, bare_logits, CLASSES * sizeof *logits);
    session_free(with);
    session_free(without);
    weights_free(&w);
    weights_free(&bare_w);
    net_free(n);
    net_free(bare);
    free(grad);
    free(grad_again);
}

/* Gradients of parameters are the same whether or not the input's is asked for. */
static void test_input_gradient_is_apart(void **state) {
    (void)state;
    err e;
    setup s;
    session *t;
    run r = run_default();
    set_up(&s, "small", (shape){8, 8, 1});
    float *with = malloc(s.net->n_trainable * sizeof(float)),
          *without = malloc(s.net->n_trainable * sizeof(float));
    float logits[SAMPLES * CLASSES], dx[SAMPLES * 64];
    train_context c = {.ids = s.ids};
    assert_ok(session_new(s.net, &s.w, SESSION_TRAIN, SAMPLES, &r, &t, &e), e);
    assert_ok(session_train_forward(t, &s.w, SAMPLES, s.x, &c, logits, &e), e);
    assert_ok(session_train_backward(t, &s.w, SAMPLES, s.cotangent, with, dx, &e), e);
    assert_ok(session_train_forward(t, &s.w, SAMPLES, s.x, &c, logits, &e), e);
    assert_ok(session_train_backward(t, &s.w, SAMPLES, s.cotangent, without, NULL, &e), e);
    assert_memory_equal(with, without, s.net->n_trainable * sizeof(float));
    session_free(t);
    free(with);
    free(without);
    tear_down(&s);
}

/* Running statistics after one batch: (1 - m) * old + m * moments, the variance over n - 1. */
static void test_running_statistics(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    session *t;
    run r = run_default();
    net_builder *b = net_begin("norm", (shape){1, 1, 2});
    net_add(b, "bn", "batch_norm", NULL, 1, (int[]){0});
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    enum { N = 19 };
    float x[N][2], z[N][2];
    int32_t ids[N] = {0};
    double mean[2] = {0}, squares[2] = {0};
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 2; c++) {
            x[i][c] = c ? 1e4F + (float)(i * i)
                        : (float)(i % 5); /* a mean far from 0 must not spoil the variance */
            mean[c] += (double)x[i][c] / N;
        }
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 2; c++)
            squares[c] += ((double)x[i][c] - mean[c]) * ((double)x[i][c] - mean[c]);
    assert_ok(session_new(n, &w, SESSION_TRAIN, N, &r, &t, &e), e);
    train_context context = {.ids = ids, .update_statistics = true};
    assert_ok(session_train_forward(t, &w, N, x[0], &context, z[0], &e), e);
    for (int c = 0; c < 2; c++) {
        assert_near((double)w.data[n->params[2].offset + (size_t)c], .1 * mean[c], 1e-6 * fabs(mean[c]));
        double variance = .9 + .1 * squares[c] / (N - 1);
        assert_near((double)w.data[n->params[3].offset + (size_t)c], variance, 1e-6 * variance);
        for (int i = 0; i < N; i++)
            assert_near((double)z[i][c], ((double)x[i][c] - mean[c]) / sqrt(squares[c] / N + 1e-5), 2e-3);
    }
    session_free(t);
    weights_free(&w);
    net_free(n);
}

/* Dropout masks belong to (node, row id, epoch, step), whatever the batch around them is. */
static void test_dropout_streams(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    session *t;
    run r = run_default();
    enum { FEATURES = 512 };
    net_builder *b = net_begin("drop", (shape){1, 1, FEATURES});
    net_add(b, "d", "dropout", &(layer_config){.rate = .25F}, 1, (int[]){0});
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    static float x[3][FEATURES], z[3][FEATURES], again[3][FEATURES];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < FEATURES; k++)
            x[i][k] = 1;
    const int32_t ids[] = {4, 9, 4}, reversed[] = {9, 4};
    train_context c = {.ids = ids, .epoch = 1, .step = 7};
    assert_ok(session_new(n, &w, SESSION_TRAIN, 3, &r, &t, &e), e);
    assert_ok(session_train_forward(t, &w, 3, x[0], &c, z[0], &e), e);
    assert_memory_equal(z[0], z[2], sizeof z[0]);
    assert_memory_not_equal(z[0], z[1], sizeof z[0]);
    c.ids = reversed;
    assert_ok(session_train_forward(t, &w, 2, x[0], &c, again[0], &e), e);
    assert_memory_equal(again[0], z[1], sizeof z[0]);
    assert_memory_equal(again[1], z[0], sizeof z[0]);
    c.step = 8;
    assert_ok(session_train_forward(t, &w, 2, x[0], &c, again[0], &e), e);
    assert_memory_not_equal(again[0], z[1], sizeof z[0]);
    int kept = 0;
    for (int k = 0; k < FEATURES; k++)
        kept += (z[0][k] != 0) + (z[1][k] != 0);
    assert_in_range(kept, 768 - 60, 768 + 60); /* 4.3 standard deviations */
    for (int i = 0; i < FEATURES; i++)
        assert_true(z[0][i] == 0 || fabsf(z[0][i] - 4 / 3.0F) < 1e-6F);
    session_free(t);
    weights_free(&w);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_ignores_threads), cmocka_unit_test(test_auxiliary_head),
        cmocka_unit_test(test_input_gradient_is_apart),  cmocka_unit_test(test_running_statistics),
        cmocka_unit_test(test_dropout_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
