/* Building graphs, their JSON, and graphs that lie. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/net_internal.h"
#include "nets/zoo.h"

static void refuse(const char *text, const char *words) {
    err e;
    net *n;
    json *j;
    assert_ok(json_parse(text, strlen(text), &j, &e), e);
    status s = net_from_json(j, &n, &e);
    json_free(j);
    if (s == STATUS_OK) fail_msg("accepted: %s", text);
    assert_null(n);
    if (!strstr(e.message, words)) fail_msg("'%s' lacks '%s'", e.message, words);
}

#define GRAPH(nodes) "{\"arch\": \"x\", \"input\": [4, 4, 1], \"nodes\": [" nodes "]}"
#define FLATTEN "{\"name\": \"f\", \"op\": \"flatten\", \"inputs\": [\"input\"]}"
#define LINEAR "{\"name\": \"l\", \"op\": \"linear\", \"inputs\": [\"f\"], \"out\": 3}"

#define HEAD(name)                                                                                           \
    "{\"name\": \"" name "\", \"op\": \"linear\", \"inputs\": [\"f\"], \"out\": 3, \"aux\": true}"

static void test_hostile_graphs(void **state) {
    (void)state;
    refuse("[]", "not a JSON object");
    refuse("{}", "arch");
    refuse("{\"arch\": \"x\", \"input\": [4, 4], \"nodes\": []}", "'input' is not");
    refuse("{\"arch\": \"x\", \"input\": [0, 4, 1], \"nodes\": []}", "'input' is not");
    refuse("{\"arch\": \"x\", \"input\": [1048576, 1048576, 1048576], \"nodes\": []}", "an input of");
    refuse("{\"arch\": \"a b\", \"input\": [4, 4, 1], \"nodes\": []}", "name of the architecture");
    refuse(GRAPH(""), "no layers");
    refuse(GRAPH("7"), "node 0 is not an object");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"relu\", \"inputs\": [\"b\"]}, {\"name\": \"b\", \"op\": "
                 "\"relu\", \"inputs\": [\"a\"]}"),
           "cycle");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"relu\", \"inputs\": [\"a\"]}"), "cycle");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"warp\", \"inputs\": [\"input\"]}"), "unknown layer 'warp'");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"relu\", \"inputs\": []}"), "0 inputs");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"relu\", \"inputs\": [\"input\", \"input\"]}"), "2 inputs");
    refuse(GRAPH("{\"name\": \"a\", \"op\": \"relu\", \"inputs\": [3]}"), "input 0 is not a name");
    refuse(GRAPH("{\"name\": \"a\\nb\", \"op\": \"relu\", \"inputs\": [\"input\"]}"), "characters A-Z");
    refuse(GRAPH(FLATTEN ", " FLATTEN), "two nodes are named 'f'");
    refuse(GRAPH("{\"name\": \"f\", \"op\": \"flatten\", \"inputs\": [\"input\"], \"stride\": [1, 1]}"),
           "has no 'stride'");
    refuse(
        GRAPH("{\"name\": \"c\", \"op\": \"conv2d\", \"inputs\": [\"input\"], \"out\": 2, \"kernel\": [3]}"),
        "array of 2");
    refuse(GRAPH("{\"name\": \"c\", \"op\": \"conv2d\", \"inputs\": [\"input\"], \"out\": 2, \"kernel\": [3, "
                 "-3]}"),
           "integer from 0");
    refuse(
        GRAPH(
            "{\"name\": \"c\", \"op\": \"conv2d\", \"inputs\": [\"input\"], \"out\": 2, \"kernel\": [5, 5]}"),
        "does not fit");
    refuse(GRAPH("{\"name\": \"c\", \"op\": \"conv2d\", \"inputs\": [\"input\"], \"out\": 2, \"kernel\": [3, "
                 "3], \"groups\": 2}"),
           "do not divide");
    refuse(GRAPH("{\"name\": \"c\", \"op\": \"conv2d\", \"inputs\": [\"input\"], \"out\": 1000000000, "
                 "\"kernel\": [3, 3]}"),
           "outputs");
    refuse(GRAPH("{\"name\": \"l\", \"op\": \"linear\", \"inputs\": [\"input\"], \"out\": 3}"),
           "put a flatten before it");
    refuse(GRAPH("{\"name\": \"p\", \"op\": \"max_pool2d\", \"inputs\": [\"input\"], \"kernel\": [2, 2], "
                 "\"pad\": [2, 0, 0, 0]}"),
           "smaller than the pooling window");
    refuse(GRAPH("{\"name\": \"n\", \"op\": \"normalise\", \"inputs\": [\"input\"], \"mean\": [0.5], "
                 "\"std\": [0]}"),
           "standard deviation of 0");
    refuse(GRAPH("{\"name\": \"d\", \"op\": \"dropout\", \"inputs\": [\"input\"], \"rate\": 1}"),
           "dropout rate of 1");
    refuse(GRAPH("{\"name\": \"d\", \"op\": \"dropout\", \"inputs\": [\"input\"], \"rate\": true}"),
           "not a number");
    refuse(GRAPH("{\"name\": \"r\", \"op\": \"relu\", \"inputs\": [\"input\"]}"), "expected a vector");
    refuse(GRAPH(FLATTEN ", {\"name\": \"g\", \"op\": \"flatten\", \"inputs\": [\"input\"]}, " LINEAR),
           "node 'g' leads nowhere");
    refuse(GRAPH(FLATTEN ", {\"name\": \"g\", \"op\": \"linear\", \"inputs\": [\"f\"], \"out\": 2, \"aux\": "
                         "true}, " LINEAR),
           "the auxiliary head 'g' gives 1 x 1 x 2, expected 3");
    refuse(GRAPH(FLATTEN
                 ", {\"name\": \"l\", \"op\": \"linear\", \"inputs\": [\"f\"], \"out\": 2, \"aux\": true}"),
           "last node 'l' cannot be an auxiliary head");
    refuse(GRAPH("{\"name\": \"f\", \"op\": \"flatten\", \"inputs\": [\"input\"], \"aux\": 1}"),
           "'aux' is not true or false");
    refuse(
        GRAPH(FLATTEN ", " HEAD("a") ", " HEAD("b") ", " HEAD("c") ", " HEAD("d") ", " HEAD("e") ", " LINEAR),
        "more than 4 auxiliary heads");
}

static void test_too_many_nodes(void **state) {
    (void)state;
    size_t room = (size_t)NET_MOST_NODES * 80 + 100, at = 0;
    char *text = malloc(room);
    at += (size_t)snprintf(text, room, "{\"arch\": \"x\", \"input\": [1, 1, 1], \"nodes\": [");
    for (int k = 0; k < NET_MOST_NODES; k++)
        at += (size_t)snprintf(text + at, room - at,
                               "%s{\"name\": \"n%d\", \"op\": \"relu\", \"inputs\": [\"input\"]}",
                               k ? "," : "", k);
    snprintf(text + at, room - at, "]}");
    refuse(text, "at most 4095 are allowed");
    free(text);
}

/* A doubling of channels at every node must stop long before memory does. */
static void test_explosion(void **state) {
    (void)state;
    err e;
    net *n;
    net_builder *b = net_begin("boom", (shape){64, 64, 4});
    int at = 0;
    for (int k = 0; k < 40; k++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", k);
        at = net_add(b, name, "concat", NULL, 2, (int[]){at, at});
    }
    assert_int_equal(net_finish(b, &n, &e), STATUS_BAD_FILE);
    assert_null(n);
    assert_non_null(strstr(e.message, "too large"));
}

static void assert_same_json(const net *a, const net *b) {
    json *x = net_to_json(a), *y = net_to_json(b);
    char *s = json_text(x, 0), *t = json_text(y, 0);
    assert_string_equal(s, t);
    free(s);
    free(t);
    json_free(x);
    json_free(y);
}

/* Heads are kept with their nodes; outside training they cost nothing. */
static void test_auxiliary_heads(void **state) {
    (void)state;
    err e;
    net *n, *back;
    net_builder *b = net_begin("heads", (shape){4, 4, 1});
    int f = net_add(b, "f", "flatten", NULL, 1, (int[]){0});
    int first = net_add(b, "a", "linear", &(layer_config){.out = 3}, 1, &f);
    int hidden = net_add(b, "b.1", "linear", &(layer_config){.out = 5}, 1, &f);
    int second = net_add(b, "b.2", "linear", &(layer_config){.out = 3}, 1, &hidden);
    net_add(b, "l", "linear", &(layer_config){.out = 3}, 1, &f);
    net_mark_aux(b, second);
    net_mark_aux(b, first);
    assert_ok(net_finish(b, &n, &e), e);
    assert_int_equal(n->n_aux, 2);
    assert_int_equal(n->aux[0], first);
    assert_int_equal(n->aux[1], second);
    assert_true(n->nodes[hidden].aux_only && n->nodes[first].aux_only && !n->nodes[f].aux_only);
    assert_int_equal(net_flops(n), 16 * 3);
    json *j = net_to_json(n);
    assert_ok(net_from_json(j, &back, &e), e);
    assert_same_json(n, back);
    assert_int_equal(back->n_aux, 2);
    json_free(j);
    net_free(back);
    net_free(n);

    b = net_begin("twice", (shape){1, 1, 3});
    first = net_add(b, "a", "linear", &(layer_config){.out = 3}, 1, (int[]){0});
    net_mark_aux(b, first);
    net_mark_aux(b, first);
    assert_int_equal(net_finish(b, &n, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "twice"));
    b = net_begin("input", (shape){1, 1, 3});
    net_mark_aux(b, 0);
    assert_int_equal(net_finish(b, &n, &e), STATUS_BAD_FILE);
}

static void json_round_trip(const char *arch) {
    err e;
    net *n, *back;
    const float mean[4] = {.1307F, 1 / 3.0F, .5F}, std[4] = {.3081F, 1e-3F, .25F};
    assert_ok(zoo_build(arch, (shape){32, 32, 3}, 10, mean, std, &n, &e), e);
    json *j = net_to_json(n);
    assert_ok(net_from_json(j, &back, &e), e);
    assert_same_json(n, back);
    assert_int_equal(n->n_floats, back->n_floats);
    assert_int_equal(n->n_params, back->n_params);
    assert_memory_equal(&n->nodes[1].config, &back->nodes[1].config,
                        sizeof(layer_config)); /* float32 constants to the bit */
    for (int p = 0; p < n->n_params; p++)
        assert_string_equal(n->params[p].name, back->params[p].name);
    json_free(j);
    net_free(n);
    net_free(back);
}

static void test_zoo_as_json(void **state) {
    (void)state;
#define ROUND_TRIP(name, what, builder) json_round_trip(name);
    ZOO_LIST(ROUND_TRIP)
#undef ROUND_TRIP
}

static void expect_size(const char *arch, shape input, size_t trainable, int64_t flops) {
    err e;
    net *n;
    assert_ok(zoo_build(arch, input, 10, NULL, NULL, &n, &e), e);
    if (n->n_trainable != trainable || (flops && net_flops(n) != flops))
        fail_msg("%s: %zu parameters, expected %zu; %lld multiply-adds, expected %lld", arch, n->n_trainable,
                 trainable, (long long)net_flops(n), (long long)flops);
    net_free(n);
}

/* Counted by hand: LeNet-5 with full connections has 61,706; ResNet-20 with 1x1 shortcuts on RGB 272,474. Well known: WRN-16-2 has
 * 691,674, WRN-28-10 36.5 million, MobileNet 4,233,001 (with 1001 classes) and 569 million multiply-adds. */
static void test_sizes(void **state) {
    (void)state;
    expect_size("linear", (shape){28, 28, 1}, 7850, 7840);
    expect_size("lenet5", (shape){28, 28, 1}, 61706, 28 * 28 * 150 + 100 * 2400 + 400 * 120 + 120 * 84 + 840);
    expect_size("madry", (shape){28, 28, 1}, 3274634, 784 * 800 + 196 * 51200 + 3136 * 1024 + 10240);
    expect_size("wong-kolter", (shape){28, 28, 1}, 166406, 196 * 256 + 49 * 8192 + 156800 + 1000);
    expect_size("wong-kolter-2", (shape){28, 28, 1}, 544 + 32832 + 627400 + 2010, 0);
    expect_size("resnet20", (shape){32, 32, 3}, 272474, 0);
    expect_size("mlp", (shape){28, 28, 1}, 785 * 512 + 513 * 256 + 2570, 784 * 512 + 512 * 256 + 2560);
    expect_size("wrn-16-2", (shape){32, 32, 3}, 691674, 0);
    expect_size("wrn-28-10", (shape){32, 32, 3}, 36479194, 0);
    expect_size("mobilenet", (shape){224, 224, 3}, 4233001 - 991 * 1025, 568740352 - 990 * 1024);
}

static void refuse_options(const char *arch, zoo_options o, const char *words) {
    err e;
    net *n;
    assert_int_equal(zoo_build_with(arch, (shape){12, 12, 1}, 10, &o, &n, &e), STATUS_USAGE);
    assert_null(n);
    if (!strstr(e.message, words)) fail_msg("'%s' lacks '%s'", e.message, words);
}

/* What an architecture has no place for is refused, never passed over. */
static void test_options_without_place(void **state) {
    (void)state;
    zoo_options o = zoo_options_default();
    o.norm = ZOO_NORM_GROUP;
    refuse_options("linear", o, "no place for group norm");
    o = zoo_options_default();
    o.drop_path = .2;
    refuse_options("plain20", o, "no place for stochastic depth");
    o.drop_path = 1;
    refuse_options("resnet8", o, "drop-path rate of 1");
    o = zoo_options_default();
    o.zero_gamma = true;
    refuse_options("lenet5", o, "no place for norms that begin at zero");
    o = zoo_options_default();
    o.activation = "conv2d";
    refuse_options("lenet5", o, "not an activation");
    o.activation = "tanh";
    refuse_options("linear", o, "no place for an activation");
    o = zoo_options_default();
    o.dropout = .5;
    refuse_options("linear", o, "no place for dropout");
    o = zoo_options_default();
    o.spatial_dropout = .5;
    refuse_options("mlp", o, "no place for spatial dropout");
    o.spatial_dropout = 1;
    refuse_options("resnet8", o, "spatial dropout rate of 1");
}

static int count_layers(const net *n, const char *op) {
    int count = 0;
    for (int k = 1; k < n->n_nodes; k++)
        count += !strcmp(layer_name(n->nodes[k].op), op);
    return count;
}

/* Every option of the zoo, where it lands in a residual net, and what zero-gamma makes of the weights. */
static void test_zoo_options(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    zoo_options o = zoo_options_default();
    o.norm = ZOO_NORM_GROUP;
    o.activation = "tanh";
    o.dropout = .25;
    o.spatial_dropout = .1;
    o.drop_path = .3;
    o.zero_gamma = true;
    assert_ok(zoo_build_with("resnet14", (shape){12, 12, 1}, 10, &o, &n, &e), e);
    assert_int_equal(count_layers(n, "group_norm"), 1 + 6 * 2 + 2);
    assert_int_equal(count_layers(n, "batch_norm"), 0);
    assert_int_equal(count_layers(n, "tanh"), 1 + 6 * 2);
    assert_int_equal(count_layers(n, "relu"), 0);
    assert_int_equal(count_layers(n, "dropout"), 1);
    assert_int_equal(count_layers(n, "dropout2d"), 1 + 6);
    assert_int_equal(count_layers(n, "drop_path"), 6);
    int block = 0;
    for (int k = 1; k < n->n_nodes; k++)
        if (!strcmp(layer_name(n->nodes[k].op), "drop_path"))
            assert_near((double)n->nodes[k].config.rate, .3 * ++block / 6, 1e-7);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init(n, &w, 1);
    for (int p = 0; p < n->n_params; p++)
        if (n->params[p].info.kind == PARAM_NORM_SCALE)
            assert_true(w.data[n->params[p].offset] == (strstr(n->params[p].name, "bn2") ? 0 : 1));
    weights_free(&w);
    net_free(n);
    o = zoo_options_default();
    o.norm = ZOO_NORM_NONE;
    assert_ok(zoo_build_with("resnet14", (shape){12, 12, 1}, 10, &o, &n, &e), e);
    assert_int_equal(count_layers(n, "batch_norm"), 0);
    for (int k = 1; k < n->n_nodes; k++)
        assert_true(strcmp(layer_name(n->nodes[k].op), "conv2d") || n->nodes[k].config.bias);
    net_free(n);
}

static void test_zoo_refuses(void **state) {
    (void)state;
    err e;
    net *n;
    assert_int_equal(zoo_build("resnet2O", (shape){28, 28, 1}, 10, NULL, NULL, &n, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "resnet20"));
    assert_int_equal(zoo_build("vgg-small", (shape){4, 4, 1}, 10, NULL, NULL, &n, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "pool3"));
    assert_null(n);
    const char *const unknown[] = {"resnet",    "resnet20x",           "lenet6", "resnet21", "plain0",
                                   "resnet1e3", "resnet99999999999999"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(zoo_build(unknown[i], (shape){28, 28, 1}, 10, NULL, NULL, &n, &e), STATUS_USAGE);
}

static double deviation_of(const weights *w, const net_param *p) {
    double squares = 0;
    for (size_t i = 0; i < p->size; i++)
        squares += (double)w->data[p->offset + i] * (double)w->data[p->offset + i];
    return sqrt(squares / (double)p->size);
}

/* Standard deviations of the four weights of madry, within four standard errors; biases are zero. */
static void expect_deviations(const net *n, const weights *w, const double expected[4]) {
    int found = 0;
    for (int k = 0; k < n->n_params; k++) {
        const net_param *p = &n->params[k];
        if (p->info.kind == PARAM_WEIGHT)
            assert_near(deviation_of(w, p) / expected[found++], 1, 4 / sqrt(2 * (double)p->size));
        else
            assert_true(deviation_of(w, p) == 0);
    }
    assert_int_equal(found, 4);
}

/* Kaiming: sqrt(2 / fan-in) before a rectifier, 1 / sqrt(fan-in) at the end. For intervals sqrt(2 pi) / fan-in everywhere. Streams per
 * parameter. */
static void test_init(void **state) {
    (void)state;
    err e;
    net *n;
    weights w, again;
    assert_ok(zoo_build("madry", (shape){28, 28, 1}, 10, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init_as(n, &w, INIT_IBP, 5);
    double root = sqrt(2 * acos(-1));
    expect_deviations(n, &w, (const double[]){root / 25, root / 800, root / 3136, root / 1024});
    weights_init(n, &w, 5);
    expect_deviations(n, &w,
                      (const double[]){sqrt(2 / 25.0), sqrt(2 / 800.0), sqrt(2 / 3136.0), sqrt(1 / 1024.0)});
    assert_ok(weights_copy(&w, &again, &e), e);
    weights_init(n, &again, 5);
    assert_memory_equal(w.data, again.data, w.n * sizeof(float));
    assert_true(again.version > w.version);
    weights_init(n, &again, 6);
    assert_memory_not_equal(w.data, again.data, w.n * sizeof(float));
    weights_free(&w);
    weights_free(&again);
    net_free(n);
}

/* Weight and bias by turns; a uniform law within b has deviation b / sqrt(3). */
static void test_uniform_init(void **state) {
    (void)state;
    const double fan_in[] = {25, 800, 3136, 1024};
    err e;
    net *n;
    weights w;
    assert_ok(zoo_build("madry", (shape){28, 28, 1}, 10, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init_as(n, &w, INIT_UNIFORM, 5);
    for (int k = 0; k < n->n_params; k++) {
        const net_param *p = &n->params[k];
        double bound = 1 / sqrt(fan_in[k / 2]);
        for (size_t i = 0; i < p->size; i++)
            assert_true(fabs((double)w.data[p->offset + i]) <= bound * (1 + 1e-6));
        assert_near(sqrt(3) * deviation_of(&w, p) / bound, 1, 2 / sqrt((double)p->size));
    }
    weights_free(&w);
    net_free(n);
}

/* A flatten that something other than a linear layer reads moves its values; one before linear layers does not. */
static void test_flatten(void **state) {
    (void)state;
    err e;
    net *n;
    net_builder *b = net_begin("two", (shape){2, 2, 3});
    int flat = net_add(b, "flat", "flatten", NULL, 1, (int[]){0});
    int relu = net_add(b, "relu", "relu", NULL, 1, &flat);
    int a = net_add(b, "a", "linear", &(layer_config){.out = 4}, 1, &relu);
    int c = net_add(b, "c", "linear", &(layer_config){.out = 4}, 1, &flat);
    net_add(b, "sum", "add", NULL, 2, (int[]){a, c});
    assert_ok(net_finish(b, &n, &e), e);
    assert_int_equal(n->nodes[flat].flattened.c, 0);
    assert_int_equal(n->nodes[a].flattened.c, 3);
    assert_int_equal(n->nodes[c].flattened.c, 3);
    net_free(n);
    b = net_begin("norm", (shape){2, 2, 3});
    flat = net_add(b, "flat", "flatten", NULL, 1, (int[]){0});
    int norm = net_add(b, "norm", "batch_norm", NULL, 1, &flat);
    a = net_add(b, "a", "linear", &(layer_config){.out = 4}, 1, &norm);
    assert_ok(net_finish(b, &n, &e), e);
    assert_int_equal(n->nodes[flat].flattened.c, 3);
    assert_int_equal(n->nodes[a].flattened.c, 0);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_graphs),  cmocka_unit_test(test_too_many_nodes),
        cmocka_unit_test(test_auxiliary_heads), cmocka_unit_test(test_explosion),
        cmocka_unit_test(test_zoo_as_json),     cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_zoo_refuses),     cmocka_unit_test(test_options_without_place),
        cmocka_unit_test(test_zoo_options),     cmocka_unit_test(test_init),
        cmocka_unit_test(test_uniform_init),    cmocka_unit_test(test_flatten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
