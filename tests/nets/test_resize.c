/* Bilinear resizing against PyTorch in float64: values and input gradients of a session, and what a graph may not ask for. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/session.h"
#include "tests/support/golden.h"

typedef struct resizing {
    const char *name;
    shape in, out;
} resizing;

static const resizing resizings[] = {
    {"up", {5, 4, 3}, {11, 9, 3}},
    {"down", {11, 8, 2}, {4, 5, 2}},
    {"one", {1, 3, 1}, {4, 2, 1}},
    {"same", {6, 6, 3}, {6, 6, 3}},
};

enum { MOST_VALUES = 512 };

static net *resizing_net(const resizing *k) {
    err e;
    net *n;
    net_builder *b = net_begin("resizing", k->in);
    int at = net_add(b, "resize", "resize", &(layer_config){.size = {k->out.h, k->out.w}}, 1, (int[]){0});
    net_add(b, "flatten", "flatten", NULL, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    return n;
}

static size_t nhwc(shape s, size_t i) {
    size_t pixels = (size_t)s.h * (size_t)s.w;
    return i % pixels * (size_t)s.c + i / pixels;
}

/* Values of the formula in our order. */
static void fill(const char *name, const char *what, shape s, float *x) {
    char text[32];
    snprintf(text, sizeof text, "%s.%s", name, what);
    for (size_t i = 0; i < shape_size(s); i++)
        x[nhwc(s, i)] = golden_unit(golden_key(text), (uint32_t)i);
}

static void compare(const npz *golden, const char *name, const char *what, const float *got, shape s,
                    bool moved) {
    char text[32];
    snprintf(text, sizeof text, "%s/%s", name, what);
    double *expected = golden_array(golden, text, (int64_t)shape_size(s));
    for (size_t i = 0; i < shape_size(s); i++) {
        double value = (double)got[moved ? i : nhwc(s, i)];
        if (!(fabs(value - expected[i]) <= 1e-5))
            fail_msg("%s: value %zu: %.9g, PyTorch %.9g", text, i, value, expected[i]);
    }
    free(expected);
}

static void check(const npz *golden, const resizing *k) {
    err e;
    run r = run_default();
    session *s;
    weights w;
    net *n = resizing_net(k);
    float x[MOST_VALUES], y[MOST_VALUES], dy[MOST_VALUES], dx[MOST_VALUES];
    assert_true(shape_size(k->in) <= MOST_VALUES && shape_size(k->out) <= MOST_VALUES);
    assert_ok(weights_new(n, &w, &e), e);
    assert_ok(session_new(n, &w, SESSION_INPUT_GRAD, 0, &r, &s, &e), e);
    fill(k->name, "x", k->in, x);
    assert_ok(session_forward(s, 0, 1, x, y, &e), e);
    compare(golden, k->name, "y", y, k->out, true); /* flatten has put the values into C,H,W order */
    char text[32];
    snprintf(text, sizeof text, "%s.dy", k->name);
    for (size_t i = 0; i < shape_size(k->out); i++)
        dy[i] = golden_unit(golden_key(text), (uint32_t)i);
    assert_ok(session_input_grad(s, 0, 1, dy, dx, &e), e);
    compare(golden, k->name, "dx", dx, k->in, false);
    session_free(s);
    weights_free(&w);
    net_free(n);
}

static void test_equals_pytorch(void **state) {
    (void)state;
    npz golden = golden_open("resizes.npz");
    for (size_t k = 0; k < sizeof resizings / sizeof *resizings; k++)
        check(&golden, &resizings[k]);
    npz_free(&golden);
}

static void refused(const char *op, layer_config config, const char *says) {
    err e;
    net *n;
    net_builder *b = net_begin("bad", (shape){4, 4, 3});
    net_add(b, "node", op, &config, 1, (int[]){0});
    assert_int_equal(net_finish(b, &n, &e), STATUS_BAD_FILE);
    if (!strstr(e.message, says)) fail_msg("'%s' does not say '%s'", e.message, says);
}

static void test_refuses(void **state) {
    (void)state;
    refused("resize", (layer_config){0}, "a size of 0 x 0");
    refused("resize", (layer_config){.size = {5, 1 << 20}}, "a size of 5 x 1048576");
    refused("channels", (layer_config){0}, "a map of 0 channels");
    refused("channels", (layer_config){.n_map = 5}, "a map of 5 channels");
    refused("channels", (layer_config){.n_map = 2, .map = {0, 3}}, "channel 1 is taken from channel 3");
}

/* The graph's JSON and back keeps sizes and maps of any length. */
static void test_graph_round_trip(void **state) {
    (void)state;
    err e;
    net *n, *back;
    net_builder *b = net_begin("trip", (shape){4, 4, 1});
    int at = net_add(b, "colours", "channels", &(layer_config){.n_map = 3}, 1, (int[]){0});
    at = net_add(b, "resize", "resize", &(layer_config){.size = {8, 6}}, 1, &at);
    at = net_add(b, "pick", "channels", &(layer_config){.n_map = 2, .map = {2, 1}}, 1, &at);
    net_add(b, "pool", "global_avg_pool", NULL, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    json *j = net_to_json(n);
    assert_ok(net_from_json(j, &back, &e), e);
    assert_int_equal(back->nodes[1].config.n_map, 3);
    assert_int_equal(back->nodes[2].config.size[1], 6);
    assert_int_equal(back->nodes[3].config.n_map, 2);
    assert_int_equal(back->nodes[3].config.map[0], 2);
    json_free(j);
    net_free(n);
    net_free(back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pytorch),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_graph_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
