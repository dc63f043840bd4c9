/* Promises of a session: bits do not depend on threads, slots, neighbours or n; modes agree; fused equals unfused; memory is planned
 * without overlaps; batch statistics are those of the formula. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/session.h"
#include "nets/session_internal.h"
#include "nets/zoo.h"

enum { SAMPLES = 21, CLASSES = 7, OUTPUTS = (1 + NET_MOST_AUX) * SAMPLES * CLASSES };

typedef struct setup {
    net *net;
    weights w;
    float *x, cotangent[OUTPUTS];
    int32_t ids[SAMPLES];
} setup;

/* `dropout` as in zoo_options. */
static void set_up_dropping(setup *s, const char *arch, shape input, double dropout) {
    err e;
    const float mean[4] = {.3F, .4F, .5F}, std[4] = {.2F, .3F, .4F};
    zoo_options o = zoo_options_default();
    o.mean = mean;
    o.std = std;
    o.dropout = dropout;
    assert_ok(zoo_build_with(arch, input, CLASSES, &o, &s->net, &e), e);
    assert_ok(weights_new(s->net, &s->w, &e), e);
    weights_init(s->net, &s->w, 11);
    rng r = rng_stream(5, "test", 0, 0, 0, 0);
    for (size_t i = s->net->n_trainable; i < s->net->n_floats; i++)
        s->w.data[i] = rng_range(&r, .1F, 1);
    s->x = malloc(SAMPLES * shape_size(input) * sizeof(float));
    for (size_t i = 0; i < SAMPLES * shape_size(input); i++)
        s->x[i] = rng_uniform(&r);
    for (int i = 0; i < OUTPUTS; i++)
        s->cotangent[i] = rng_normal(&r);
    for (int i = 0; i < SAMPLES; i++)
        s->ids[i] = 1000 - 3 * i;
}

static void set_up(setup *s, const char *arch, shape input) {
    set_up_dropping(s, arch, input, -1);
}

static void tear_down(setup *s) {
    weights_free(&s->w);
    net_free(s->net);
    free(s->x);
}

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

/* Logits and gradients of sample i, computed alone; then in every slot, beside others, by another worker. */
static void slots_do_not_matter(const char *arch, kernel_choice kernel) {
    err e;
    setup s;
    session *t;
    run r = run_default();
    r.threads = 3;
    r.kernel = kernel;
    set_up(&s, arch, (shape){12, 12, 3});
    size_t size = shape_size(s.net->input);
    float *x = malloc(SESSION_TILE * size * sizeof *x), *dx = malloc(SESSION_TILE * size * sizeof *dx);
    float *alone = malloc(size * sizeof *alone), z0[CLASSES], z[SESSION_TILE * CLASSES],
          dz[SESSION_TILE * CLASSES];
    assert_ok(session_new(s.net, &s.w, SESSION_INFER | SESSION_INPUT_GRAD, 0, &r, &t, &e), e);
    assert_ok(session_forward(t, 0, 1, s.x, z0, &e), e);
    assert_ok(session_input_grad(t, 0, 1, s.cotangent, alone, &e), e);
    static const int counts[] = {1, 2, 7, 8, 9, 19, SESSION_TILE - 1, SESSION_TILE};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        for (int n = counts[k], slot = 0; slot < n; slot += 1 + n / 5) {
            for (int i = 0; i < n; i++) { /* neighbours differ with n; one of them is full of NaN */
                memcpy(x + (size_t)i * size,
                       s.x + (size_t)(i == slot ? 0 : 1 + (i + n) % (SAMPLES - 1)) * size, size * sizeof *x);
                if (i != slot && i == 1) x[(size_t)i * size + 5] = NAN;
                memcpy(dz + i * CLASSES, s.cotangent + (i == slot ? 0 : i % SAMPLES * CLASSES),
                       CLASSES * sizeof *dz);
            }
            int worker = n % 3;
            assert_ok(session_infer(t, worker, n, x, z, &e), e);
            assert_memory_equal(z + slot * CLASSES, z0, sizeof z0);
            assert_ok(session_forward(t, worker, n, x, z, &e), e);
            assert_memory_equal(z + slot * CLASSES, z0, sizeof z0);
            assert_ok(session_input_grad(t, worker, n, dz, dx, &e), e);
            assert_memory_equal(dx + (size_t)slot * size, alone, size * sizeof *alone);
        }
    session_free(t);
    free(x);
    free(dx);
    free(alone);
    tear_down(&s);
}

static void test_slots_do_not_matter(void **state) {
    (void)state;
    slots_do_not_matter("resnet8", KERNEL_AUTO);
    slots_do_not_matter("resnet8", KERNEL_OPENBLAS);
    slots_do_not_matter("madry", KERNEL_AUTO);
    slots_do_not_matter("madry", KERNEL_OPENBLAS);
    slots_do_not_matter("small", KERNEL_PORTABLE);
    slots_do_not_matter("linear", KERNEL_AUTO);
    slots_do_not_matter("mobilenet-0.25", KERNEL_AUTO);
    slots_do_not_matter("googlenet-small", KERNEL_AUTO);
}

/* INFER folds batch norms and fuses; TRAIN with frozen norms does neither: the same function, the same input gradient. */
static void modes_agree(const char *arch) {
    err e;
    setup s;
    session *t;
    run r = run_default();
    set_up_dropping(&s, arch, (shape){16, 16, 1}, 0); /* dropout works in training only */
    enum { BLOCK = SAMPLES * CLASSES };
    float cotangent[OUTPUTS] = {0}; /* auxiliary heads play no part */
    memcpy(cotangent, s.cotangent, BLOCK * sizeof *cotangent);
    size_t size = shape_size(s.net->input);
    float z[BLOCK], trained[OUTPUTS], *grad = malloc(s.net->n_trainable * sizeof *grad);
    float *dx = malloc(SAMPLES * size * sizeof *dx), *trained_dx = malloc(SAMPLES * size * sizeof *dx);
    train_context c = {.ids = s.ids, .frozen_norm = true, .update_statistics = true};
    assert_ok(session_new(s.net, &s.w, SESSION_INPUT_GRAD | SESSION_TRAIN, SAMPLES, &r, &t, &e), e);
    uint64_t version = s.w.version;
    assert_ok(session_train_forward(t, &s.w, SAMPLES, s.x, &c, trained, &e), e);
    assert_ok(session_train_backward(t, &s.w, SAMPLES, cotangent, grad, trained_dx, &e), e);
    assert_int_equal(s.w.version, version); /* frozen: nothing to update */
    for (int i = 0; i < SAMPLES; i += SESSION_TILE) {
        int n = SAMPLES - i < SESSION_TILE ? SAMPLES - i : SESSION_TILE;
        assert_ok(session_forward(t, 0, n, s.x + (size_t)i * size, z + i * CLASSES, &e), e);
        assert_ok(session_input_grad(t, 0, n, s.cotangent + i * CLASSES, dx + (size_t)i * size, &e), e);
    }
    assert_relative(z, trained, BLOCK, 3e-7 * (10 + s.net->n_nodes)); /* rounding grows with depth */
    assert_relative(dx, trained_dx, SAMPLES * size, 1e-2); /* the signs of sums near 0 may differ */
    session_free(t);
    free(grad);
    free(dx);
    free(trained_dx);
    tear_down(&s);
}

static void test_modes_agree(void **state) {
    (void)state;
#define AGREE(name, what, builder) modes_agree(name);
    ZOO_LIST(AGREE)
#undef AGREE
}

/* New weights are seen without being told, by every entry. */
static void test_refold(void **state) {
    (void)state;
    err e;
    setup s;
    session *t, *fresh;
    run r = run_default();
    set_up(&s, "resnet8", (shape){8, 8, 1});
    float a[CLASSES], b[CLASSES], c[CLASSES];
    assert_ok(session_new(s.net, &s.w, SESSION_INFER, 0, &r, &t, &e), e);
    assert_ok(session_infer(t, 0, 1, s.x, a, &e), e);
    weights_init(s.net, &s.w, 99);
    assert_ok(session_infer(t, 0, 1, s.x, b, &e), e);
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(session_new(s.net, &s.w, SESSION_INFER, 0, &r, &fresh, &e), e);
    assert_ok(session_infer(fresh, 0, 1, s.x, c, &e), e);
    assert_memory_equal(b, c, sizeof b);
    session_free(t);
    session_free(fresh);
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

/* A residual block becomes conv+norm+relu and conv+norm+add+relu; what cannot be fused stays a step of its own. */
static void test_fusion(void **state) {
    (void)state;
    err e;
    net *n;
    lowering l;
    arena memory = {0};
    assert_ok(zoo_build("resnet8", (shape){8, 8, 1}, 10, NULL, NULL, &n, &e), e);
    assert_ok(lower(n, false, KERNEL_AUTO, &memory, &l, &e), e);
    assert_int_equal(l.n_steps, 1 + 3 * 2 + 2 + 2); /* convolutions, shortcuts, pooling and fc */
    int added = 0, rectified = 0;
    for (int k = 0; k < l.n_steps; k++) {
        added += l.steps[k].addend >= 0;
        rectified += l.steps[k].relu;
    }
    assert_int_equal(added, 3);
    assert_int_equal(rectified, 7);
    net_free(n);
    arena_free(&memory);

    net_builder *b =
        net_begin("shared", (shape){4, 4, 2}); /* the convolution has two readers: its ReLU cannot be fused */
    int conv = net_add(b, "conv", "conv2d", &(layer_config){.out = 2, .kernel = {1, 1}}, 1, (int[]){0});
    int relu = net_add(b, "relu", "relu", NULL, 1, &conv);
    int sum = net_add(b, "sum", "add", NULL, 2, (int[]){conv, relu});
    net_add(b, "pool", "global_avg_pool", NULL, 1, &sum);
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(lower(n, false, KERNEL_AUTO, &memory, &l, &e), e);
    assert_int_equal(l.n_steps, 4);
    net_free(n);
    arena_free(&memory);
}

static void test_memory_plan(void **state) {
    (void)state;
    err e;
    memory_plan m;
    arena memory = {0};
    rng r = rng_stream(8, "test", 0, 0, 0, 0);
    enum { N = 200 };
    assert_ok(memory_begin(&m, N, &memory, &e), e);
    size_t sum = 0;
    for (int i = 0; i < N; i++) {
        int first = (int)rng_below(&r, 50);
        size_t bytes = rng_below(&r, 5000);
        memory_add(&m, bytes, first, first + (int)rng_below(&r, 6));
        sum += bytes + 64;
    }
    assert_ok(memory_place(&m, &memory, &e), e);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            const buffer *a = &m.buffers[i], *b = &m.buffers[j];
            bool together = a->first <= b->last && b->first <= a->last;
            bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
            assert_true(!together || apart || !a->bytes || !b->bytes);
        }
    for (int i = 0; i < N; i++)
        assert_int_equal(m.buffers[i].offset % MEMORY_ALIGNMENT, 0);
    assert_true(m.bytes < sum / 3);
    arena_free(&memory);
}

/* What INPUT_GRAD keeps is masks and indices, not activations: far less than twice what inference needs. */
static void test_memory_is_small(void **state) {
    (void)state;
    err e;
    setup s;
    session *infer, *gradient;
    run r = run_default();
    set_up(&s, "resnet20", (shape){28, 28, 1});
    assert_ok(session_new(s.net, &s.w, SESSION_INFER, 0, &r, &infer, &e), e);
    assert_ok(session_new(s.net, &s.w, SESSION_INPUT_GRAD, 0, &r, &gradient, &e), e);
    print_message("resnet20: %zu kB to infer, %zu kB with input gradients, one worker\n",
                  session_bytes(infer) >> 10, session_bytes(gradient) >> 10);
    assert_true(session_bytes(gradient) < 2 * session_bytes(infer) + (1 << 20));
    session_free(infer);
    session_free(gradient);
    tear_down(&s);
}

static void test_misuse(void **state) {
    (void)state;
    err e;
    setup s;
    session *t;
    run r = run_default();
    set_up(&s, "linear", (shape){4, 4, 1});
    float z[SAMPLES * CLASSES], dx[SAMPLES * 16];
    train_context c = {.ids = s.ids};
    assert_ok(session_new(s.net, &s.w, SESSION_INPUT_GRAD, 0, &r, &t, &e), e);
    assert_int_not_equal(session_input_grad(t, 0, 1, s.cotangent, dx, &e),
                         STATUS_OK); /* no forward pass yet */
    assert_int_not_equal(session_infer(t, 0, SESSION_TILE + 1, s.x, z, &e), STATUS_OK);
    assert_int_not_equal(session_infer(t, 1, 1, s.x, z, &e), STATUS_OK); /* one worker only */
    assert_int_not_equal(session_train_forward(t, &s.w, 1, s.x, &c, z, &e), STATUS_OK);
    assert_ok(session_forward(t, 0, 2, s.x, z, &e), e);
    assert_int_not_equal(session_input_grad(t, 0, 3, s.cotangent, dx, &e), STATUS_OK);
    assert_ok(session_infer(t, 0, 2, s.x, z, &e), e); /* has overwritten what the gradient needs */
    assert_int_not_equal(session_input_grad(t, 0, 2, s.cotangent, dx, &e), STATUS_OK);
    session_free(t);
    tear_down(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_ignores_threads),
        cmocka_unit_test(test_auxiliary_head),
        cmocka_unit_test(test_input_gradient_is_apart),
        cmocka_unit_test(test_slots_do_not_matter),
        cmocka_unit_test(test_modes_agree),
        cmocka_unit_test(test_refold),
        cmocka_unit_test(test_running_statistics),
        cmocka_unit_test(test_dropout_streams),
        cmocka_unit_test(test_fusion),
        cmocka_unit_test(test_memory_plan),
        cmocka_unit_test(test_memory_is_small),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
