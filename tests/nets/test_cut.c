/* Nets in two parts: trunk and head together are the net, forwards and backwards. */
#include "nets/cut.h"
#include "nets/session.h"
#include "tests/support/session_setup.h"
#include "tests/support/test.h"

static session *open_session(const net *n, const weights *w) {
    err e;
    session *t;
    run r = run_default();
    assert_ok(session_new(n, w, SESSION_INPUT_GRAD, 0, &r, &t, &e), e);
    return t;
}

/* Cuts at a node and compares logits and input gradients with those of the whole; most == 0: to the bit. */
static void parts_are_the_whole(const setup *s, const char *name, double most) {
    err e;
    net *trunk, *head;
    weights trunk_w, head_w;
    int node;
    assert_ok(net_node_named(s->net, name, &node, &e), e);
    assert_true(net_is_waist(s->net, node));
    assert_ok(net_upto(s->net, &s->w, node, &trunk, &trunk_w, &e), e);
    assert_ok(net_behind(s->net, &s->w, node, &head, &head_w, &e), e);
    assert_int_equal(trunk->n_floats + head->n_floats, s->net->n_floats);
    assert_int_equal(shape_size(head->input), trunk->classes);
    size_t size = shape_size(s->net->input), map = (size_t)trunk->classes;
    float z[SAMPLES * CLASSES], chained[SAMPLES * CLASSES];
    float *dx = malloc(SAMPLES * size * sizeof *dx), *chained_dx = malloc(SAMPLES * size * sizeof *dx);
    float *features = malloc(SAMPLES * map * sizeof *dx), *dfeatures = malloc(SAMPLES * map * sizeof *dx);
    session *whole = open_session(s->net, &s->w), *first = open_session(trunk, &trunk_w),
            *second = open_session(head, &head_w);
    assert_ok(session_forward(whole, 0, SAMPLES, s->x, z, &e), e);
    assert_ok(session_input_grad(whole, 0, SAMPLES, s->cotangent, dx, &e), e);
    assert_ok(session_forward(first, 0, SAMPLES, s->x, features, &e), e);
    assert_ok(session_forward(second, 0, SAMPLES, features, chained, &e), e);
    assert_ok(session_input_grad(second, 0, SAMPLES, s->cotangent, dfeatures, &e), e);
    assert_ok(session_input_grad(first, 0, SAMPLES, dfeatures, chained_dx, &e), e);
    if (most > 0) {
        assert_relative(chained, z, SAMPLES * CLASSES, most);
        assert_relative(chained_dx, dx, SAMPLES * size, most);
    } else if (memcmp(z, chained, sizeof z) || memcmp(dx, chained_dx, SAMPLES * size * sizeof *dx)) {
        fail_msg("cut at %s: other bits", name);
    }
    session_free(whole);
    session_free(first);
    session_free(second);
    free(dx);
    free(chained_dx);
    free(features);
    free(dfeatures);
    weights_free(&trunk_w);
    weights_free(&head_w);
    net_free(trunk);
    net_free(head);
}

/* Cut behind a fused step nothing changes; between a convolution and its batch norm, the norm is no longer folded in. */
static void test_residual_parts(void **state) {
    (void)state;
    setup s;
    set_up(&s, "resnet8", (shape){12, 12, 3});
    parts_are_the_whole(&s, "normalise", 0);
    parts_are_the_whole(&s, "relu1", 0);
    parts_are_the_whole(&s, "layer1.0.relu2", 0);
    parts_are_the_whole(&s, "layer2.0.relu2", 0);
    parts_are_the_whole(&s, "avgpool", 0);
    parts_are_the_whole(&s, "flatten", 0);
    parts_are_the_whole(&s, "conv1", 1e-5);
    parts_are_the_whole(&s, "bn1", 1e-5);
    parts_are_the_whole(&s, "layer3.0.add", 1e-5);
    tear_down(&s);
}

/* A map before the flatten is in H,W,C order and a vector behind it in C,H,W order; the weights that read it follow. */
static void test_flattened_parts(void **state) {
    (void)state;
    setup s;
    set_up(&s, "lenet5", (shape){28, 28, 1});
    parts_are_the_whole(&s, "pool2", 0);
    parts_are_the_whole(&s, "flatten", 1e-6); /* sums in another order */
    parts_are_the_whole(&s, "relu3", 0);
    parts_are_the_whole(&s, "fc2", 0);
    tear_down(&s);
    set_up(&s, "vgg-small", (shape){16, 16, 2});
    parts_are_the_whole(&s, "dropout1", 1e-6);
    parts_are_the_whole(&s, "pool3", 0);
    tear_down(&s);
}

/* Parts without a single step: a flatten that moves nothing. */
static void test_empty_part(void **state) {
    (void)state;
    setup s;
    err e;
    net *n;
    weights w;
    set_up(&s, "linear", (shape){4, 4, 1});
    net_builder *b = net_begin("flat", (shape){4, 4, 1});
    int at = net_add(b, "flatten", "flatten", NULL, 1, (int[]){0});
    net_add(b, "drop", "dropout", &(layer_config){.rate = .5F}, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    session *t = open_session(n, &w);
    float y[2 * 16], dx[2 * 16];
    assert_ok(session_forward(t, 0, 2, s.x, y, &e), e);
    assert_memory_equal(y, s.x, sizeof y);
    assert_ok(session_input_grad(t, 0, 2, s.x, dx, &e), e);
    assert_memory_equal(dx, s.x, sizeof dx);
    session_free(t);
    weights_free(&w);
    net_free(n);
    tear_down(&s);
}

static void refuse_behind(const setup *s, const char *name, const char *words) {
    err e;
    net *head;
    weights w;
    int node;
    assert_ok(net_node_named(s->net, name, &node, &e), e);
    assert_int_equal(net_behind(s->net, &s->w, node, &head, &w, &e), STATUS_USAGE);
    assert_null(head);
    assert_null(w.data);
    if (!strstr(e.message, words)) fail_msg("'%s' lacks '%s'", e.message, words);
}

static void test_refusals(void **state) {
    (void)state;
    setup s;
    err e;
    net *part;
    weights w;
    int node;
    set_up(&s, "resnet8", (shape){12, 12, 3});
    refuse_behind(&s, "layer1.0.conv1", "values pass by the node 'layer1.0.conv1'");
    refuse_behind(&s, "layer2.0.bn2", "values pass by");
    refuse_behind(&s, "layer2.0.shortcut.0", "values pass by");
    refuse_behind(&s, "fc", "nothing is behind");
    assert_int_equal(net_node_named(s.net, "layer1.0.relu", &node, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "did you mean \"layer1.0.relu1\"?"));
    assert_int_equal(net_upto(s.net, &s.w, 0, &part, &w, &e), STATUS_USAGE);
    assert_null(part);
    /* Up to a node that is no waist is fine: its side branch is left out. */
    assert_ok(net_node_named(s.net, "layer2.0.bn2", &node, &e), e);
    assert_ok(net_upto(s.net, &s.w, node, &part, NULL, &e), e);
    assert_int_equal(part->classes, 6 * 6 * 32);
    assert_string_equal(part->nodes[part->n_nodes - 1].name, "layer2.0.bn2");
    assert_int_equal(net_node_named(part, "layer2.0.shortcut.0", &node, &e), STATUS_USAGE);
    net_free(part);
    tear_down(&s);
}

/* A new net of an old trunk and a new head; parameters go by name and shape, a flatten of another map stays right. */
static void test_new_head(void **state) {
    (void)state;
    setup s;
    err e;
    net *n;
    weights w;
    int last;
    set_up(&s, "lenet5", (shape){28, 28, 1});
    assert_ok(net_node_named(s.net, "relu4", &last, &e), e);
    net_builder *b = net_begin("transfer", (shape){28, 28, 1});
    int at = net_add_part(b, s.net, last, 0);
    net_add(b, "fc3", "linear", &(layer_config){.out = 3, .bias = true}, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    uint64_t version = w.version;
    assert_int_equal(weights_copy_named(s.net, &s.w, n, &w), 8); /* all but fc3, whose shape is another */
    assert_true(w.version > version);
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p], *old = &s.net->params[p];
        if (strncmp(param->name, "fc3.", 4))
            assert_memory_equal(w.data + param->offset, s.w.data + old->offset, param->size * sizeof(float));
        else
            for (size_t i = 0; i < param->size; i++)
                assert_true(w.data[param->offset + i] == 0);
    }
    weights_free(&w);
    net_free(n);
    assert_int_equal(net_add_part(NULL, s.net, last, 0), -1);
    b = net_begin("narrow", (shape){4, 4, 1}); /* too small for the trunk */
    assert_int_equal(net_add_part(b, s.net, last, 0), -1);
    assert_int_equal(net_finish(b, &n, &e), STATUS_BAD_FILE);
    tear_down(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_residual_parts), cmocka_unit_test(test_flattened_parts),
        cmocka_unit_test(test_empty_part),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_new_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
