/* What a session plans: which layers become one step, and memory without overlaps. */
#include "tests/support/test.h"

#include "nets/session.h"
#include "nets/session_internal.h"
#include "nets/zoo.h"
#include "tests/support/session_setup.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fusion),
        cmocka_unit_test(test_memory_plan),
        cmocka_unit_test(test_memory_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
