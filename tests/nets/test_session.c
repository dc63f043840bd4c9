/* Promises of a session outside training: bits do not depend on slots, neighbours, workers or n; modes agree; new weights are seen; misuse is
 * refused. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/session.h"
#include "nets/zoo.h"
#include "tests/support/session_setup.h"

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
        cmocka_unit_test(test_slots_do_not_matter),
        cmocka_unit_test(test_modes_agree),
        cmocka_unit_test(test_refold),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
