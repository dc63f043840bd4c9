/* Vanishing gradients, and what cures them, on the gradient of the first batch. The nets have 20 layers, tanh and weights within
 * 1 / sqrt(fan-in): each layer passes on little more than half of what it gets. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/open.h"
#include "nets/train.h"
#include "nets/zoo.h"

enum { ROWS = 32 };

static double norm_of(const net *n, const char *param, const float *grad) {
    for (int p = 0; p < n->n_params; p++) {
        const net_param *q = &n->params[p];
        double squares = 0;
        for (size_t i = q->offset; !strcmp(q->name, param) && i < q->offset + q->size; i++)
            squares += (double)grad[i] * (double)grad[i];
        if (!strcmp(q->name, param)) return sqrt(squares);
    }
    fail_msg("%s has no parameter %s", n->arch, param);
    return 0;
}

/* Norm of the gradient of the first convolution over that of the last linear layer. */
static double flow(const char *arch, zoo_norm norm, init_kind init) {
    err e;
    dataset d;
    net *n;
    weights w;
    objective goal;
    run r = run_default();
    zoo_options o = zoo_options_default();
    open_options open = {.split = "train", .n = ROWS, .seed = 1};
    o.norm = norm;
    o.activation = "tanh";
    assert_ok(dataset_open("synth:shapes", &open, &d, &e), e);
    float mean[4], std[4];
    dataset_channel_moments(&d, mean, std);
    o.mean = mean;
    o.std = std;
    assert_ok(zoo_build_with(arch, d.image, d.classes, &o, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init_as(n, &w, init, 1);
    size_t size = shape_size(d.image), classes = (size_t)d.classes;
    float *x = calloc(ROWS * size, sizeof *x), *targets = calloc(ROWS * classes, sizeof *targets);
    float *grad = calloc(n->n_trainable, sizeof *grad), ones[ROWS];
    int32_t ids[ROWS], labels[ROWS];
    for (int i = 0; i < ROWS; i++) {
        dataset_image(&d, i, x + (size_t)i * size);
        labels[i] = d.labels[i];
        targets[(size_t)i * classes + (size_t)labels[i]] = 1;
        ids[i] = i;
        ones[i] = 1;
    }
    batch b = {.n = ROWS, .x = x, .targets = targets, .labels = labels, .loss_weights = ones, .ids = ids};
    batch_result result;
    train_options t = train_options_default();
    b.options = &t;
    assert_ok(objective_plain(n, &w, ROWS, &r, &goal, &e), e);
    assert_ok(goal.accumulate(goal.self, &b, &w, grad, &result, &e), e);
    double first = norm_of(n, "conv1.weight", grad), last = norm_of(n, "fc.weight", grad);
    print_message("%-12s first layer %.1e, last %.1e\n", arch, first, last);
    goal.free(goal.self);
    free(x);
    free(targets);
    free(grad);
    weights_free(&w);
    net_free(n);
    dataset_free(&d);
    return first / last;
}

static void test_plain_vanishes(void **state) {
    (void)state;
    double plain = flow("plain20", ZOO_NORM_NONE, INIT_UNIFORM);
    double aux = flow("plain20-aux", ZOO_NORM_NONE, INIT_UNIFORM);
    double residual = flow("resnet20", ZOO_NORM_NONE, INIT_UNIFORM);
    assert_true(plain < 1e-3);
    assert_true(aux > 10 * plain);
    assert_true(residual > 100 * plain);
}

/* The same net with either of the other ingredients. */
static void test_norm_and_initialisation_cure_too(void **state) {
    (void)state;
    double plain = flow("plain20", ZOO_NORM_NONE, INIT_UNIFORM);
    assert_true(flow("plain20", ZOO_NORM_BATCH, INIT_UNIFORM) > 100 * plain);
    assert_true(flow("plain20", ZOO_NORM_NONE, INIT_KAIMING) > 100 * plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_vanishes),
        cmocka_unit_test(test_norm_and_initialisation_cure_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
