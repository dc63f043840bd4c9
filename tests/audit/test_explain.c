/* Maps against what they must be: linear models, class activation maps, patches of one pixel; rank correlation; visualisation. */
#include <math.h>

#include "audit/explain/explain.h"
#include "nets/cut.h"
#include "nets/loss.h"
#include "nets/zoo.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

enum { IMAGES = 3, CLASSES = 4 };

typedef struct setup {
    net *net;
    weights w;
    dataset d;
    subject s;
    int32_t rows[IMAGES], classes[IMAGES];
    int node;
} setup;

static const explain_options usual = {
    .noisy = 20, .sigma = .3, .patch = 1, .stride = 1, .fill = {.25f, .5f, .75f}};

static void set_up(setup *t, const char *arch, shape input) {
    err e;
    assert_ok(zoo_build(arch, input, CLASSES, NULL, NULL, &t->net, &e), e);
    assert_ok(weights_new(t->net, &t->w, &e), e);
    weights_init(t->net, &t->w, 3);
    t->d = fake_images(9, IMAGES, input, CLASSES, 0, 1);
    t->node = explain_last_map(t->net);
    for (int i = 0; i < IMAGES; i++) {
        t->rows[i] = i;
        t->classes[i] = (i + 1) % CLASSES;
    }
    run r = run_default();
    r.threads = 2;
    assert_ok(subject_open(t->net, &t->w, t->node, &usual, &r, &t->s, &e), e);
}

static void tear_down(setup *t) {
    subject_close(&t->s);
    dataset_free(&t->d);
    weights_free(&t->w);
    net_free(t->net);
}

/* The gradient of a linear model's logit is its row of weights (in C,H,W order), whatever the image and the noise. */
static void test_linear_gradient(void **state) {
    (void)state;
    err e;
    setup t;
    float maps[IMAGES * 16], smooth[IMAGES * 16], expected[IMAGES * 16];
    set_up(&t, "linear", (shape){4, 4, 3});
    assert_ok(explain_maps(&t.s, EXPLAIN_GRADIENT, &t.d, t.rows, t.classes, IMAGES, maps, &e), e);
    assert_ok(explain_maps(&t.s, EXPLAIN_SMOOTHGRAD, &t.d, t.rows, t.classes, IMAGES, smooth, &e), e);
    const float *w = t.w.data + t.net->params[0].offset; /* out x (h, w, c) */
    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < 16; p++) {
            float most = 0;
            for (int c = 0; c < 3; c++)
                most = fmaxf(most, fabsf(w[t.classes[i] * 48 + p * 3 + c]));
            expected[i * 16 + p] = most;
        }
    assert_memory_equal(maps, expected, sizeof maps);
    assert_relative(smooth, expected, IMAGES * 16, 1e-5);
    assert_int_equal(t.node, -1);
    assert_int_equal(explain_maps(&t.s, EXPLAIN_GRADCAM, &t.d, t.rows, t.classes, IMAGES, maps, &e),
                     STATUS_USAGE);
    tear_down(&t);
}

/* Behind a global mean and a linear layer Grad-CAM is the class activation map of Zhou et al. 2016, divided by the pixels. */
static void test_class_activation_map(void **state) {
    (void)state;
    err e;
    setup t;
    float maps[IMAGES * 256], x[256];
    set_up(&t, "resnet8", (shape){16, 16, 1});
    assert_string_equal(t.net->nodes[t.node].name, "layer3.0.relu2");
    shape s = t.net->nodes[t.node].out;
    assert_int_equal(s.h, 4);
    float *features = malloc(shape_size(s) * sizeof *features);
    const float *fc = NULL;
    for (int p = 0; p < t.net->n_params; p++)
        if (!strcmp(t.net->params[p].name, "fc.weight")) fc = t.w.data + t.net->params[p].offset;
    assert_ok(explain_maps(&t.s, EXPLAIN_GRADCAM, &t.d, t.rows, t.classes, IMAGES, maps, &e), e);
    for (int i = 0; i < IMAGES; i++) {
        dataset_image(&t.d, i, x);
        assert_ok(model_forward(t.s.trunk, 0, 1, x, false, features, &e), e);
        float cam[16];
        for (int p = 0; p < 16; p++) {
            float sum = 0;
            for (int c = 0; c < s.c; c++)
                sum += fc[t.classes[i] * s.c + c] / 16 * features[p * s.c + c];
            cam[p] = fmaxf(sum, 0);
        }
        assert_near((double)maps[i * 256], (double)cam[0], 1e-5); /* corners lie on the corners' values */
        assert_near((double)maps[i * 256 + 255], (double)cam[15], 1e-5);
        /* pixel (5, 9): between rows 0 and 1, columns 1 and 2 */
        double v = (5 + .5) / 4 - .5 - 0, u = (9 + .5) / 4 - .5 - 1;
        double between = v < 1 ? (1 - v) * ((1 - u) * (double)cam[1] + u * (double)cam[2]) +
                                     v * ((1 - u) * (double)cam[5] + u * (double)cam[6])
                               : (2 - v) * ((1 - u) * (double)cam[5] + u * (double)cam[6]) +
                                     (v - 1) * ((1 - u) * (double)cam[9] + u * (double)cam[10]);
        assert_near((double)maps[i * 256 + 5 * 16 + 9], between, 1e-5);
    }
    free(features);
    tear_down(&t);
}

/* A patch of one pixel at every place: each pixel has its own cost. */
static void test_occlusion(void **state) {
    (void)state;
    err e;
    setup t;
    float maps[IMAGES * 36], x[108], z[CLASSES];
    set_up(&t, "linear", (shape){6, 6, 3});
    assert_ok(explain_maps(&t.s, EXPLAIN_OCCLUSION, &t.d, t.rows, t.classes, IMAGES, maps, &e), e);
    for (int i = 0; i < IMAGES; i++) {
        dataset_image(&t.d, i, x);
        assert_ok(model_forward(t.s.whole, 0, 1, x, false, z, &e), e);
        float before = cross_entropy(z, CLASSES, t.classes[i], NULL);
        for (int c = 0; c < 3; c++)
            x[3 * 11 + c] = usual.fill[c];
        assert_ok(model_forward(t.s.whole, 0, 1, x, false, z, &e), e);
        assert_near((double)maps[i * 36 + 11],
                    (double)(cross_entropy(z, CLASSES, t.classes[i], NULL) - before), 1e-6);
    }
    t.s.options.patch = 4; /* two positions on each side; the middle is under all four */
    t.s.options.stride = 3;
    assert_ok(explain_maps(&t.s, EXPLAIN_OCCLUSION, &t.d, t.rows, t.classes, IMAGES, maps, &e), e);
    double corners = (double)(maps[0] + maps[5] + maps[30] + maps[35]) / 4;
    assert_near((double)maps[14], corners, 1e-5);
    tear_down(&t);
}

static void test_maps_ignore_threads(void **state) {
    (void)state;
    err e;
    setup t;
    float one[IMAGES * 64], many[IMAGES * 64];
    set_up(&t, "small", (shape){8, 8, 3});
    for (int k = 0; k < EXPLAIN_METHODS; k++) {
        t.s.run.threads = 1;
        assert_ok(explain_maps(&t.s, (explain_method)k, &t.d, t.rows, t.classes, IMAGES, one, &e), e);
        t.s.run.threads = 2;
        assert_ok(explain_maps(&t.s, (explain_method)k, &t.d, t.rows, t.classes, IMAGES, many, &e), e);
        assert_memory_equal(one, many, sizeof one);
    }
    tear_down(&t);
}

static void expect_maps(const char *arch, const char *first, const char *last) {
    err e;
    net *n;
    assert_ok(zoo_build(arch, (shape){28, 28, 1}, CLASSES, NULL, NULL, &n, &e), e);
    assert_string_equal(n->nodes[explain_first_map(n)].name, first);
    assert_string_equal(n->nodes[explain_last_map(n)].name, last);
    net_free(n);
}

static void test_chosen_maps(void **state) {
    (void)state;
    expect_maps("lenet5", "relu1", "relu2");
    expect_maps("vgg-small", "relu1_1", "relu3_2");
    expect_maps("resnet20", "relu1", "layer3.2.relu2");
}

static void test_rank_correlation(void **state) {
    (void)state;
    const float a[] = {1, 2, 3, 4, 5}, up[] = {-9, 0, .1f, 70, 71}, down[] = {5, 4, 3, 2, 1};
    const float ties[] = {1, 1, 2, 3, 3}, same[] = {2, 2, 2, 2, 2}, odd[] = {1, NAN, 2, 3, 4};
    assert_near(rank_correlation(a, up, 5), 1, 1e-12);
    assert_near(rank_correlation(a, down, 5), -1, 1e-12);
    /* ranks .5 .5 2 3.5 3.5 against 0 1 2 3 4: 9 / sqrt(9 * 10) */
    assert_near(rank_correlation(ties, a, 5), 9 / sqrt(90), 1e-12);
    assert_true(isnan(rank_correlation(same, a, 5)));
    assert_true(isnan(rank_correlation(odd, a, 5)));
}

/* Ascent ends with images that the wanted outputs like far better than grey. */
static void test_visualise(void **state) {
    (void)state;
    err e;
    setup t;
    enum { SIZE = 12 * 12 * 3 };
    set_up(&t, "small", (shape){12, 12, 3});
    float cotangents[CLASSES * CLASSES] = {0}, grey[SIZE], z[CLASSES], before[CLASSES];
    float *one = malloc(CLASSES * SIZE * sizeof *one), *two = malloc(CLASSES * SIZE * sizeof *two);
    for (int i = 0; i < CLASSES; i++)
        cotangents[i * CLASSES + i] = 1;
    for (int i = 0; i < SIZE; i++)
        grey[i] = .5f;
    run r = run_default();
    assert_ok(visualise(t.s.whole, cotangents, CLASSES, 40, &r, one, &e), e);
    r.threads = 2;
    assert_ok(visualise(t.s.whole, cotangents, CLASSES, 40, &r, two, &e), e);
    assert_memory_equal(one, two, CLASSES * SIZE * sizeof *one);
    assert_ok(model_forward(t.s.whole, 0, 1, grey, false, before, &e), e);
    for (int i = 0; i < CLASSES; i++) {
        assert_ok(model_forward(t.s.whole, 0, 1, one + i * SIZE, false, z, &e), e);
        if (!(z[i] > before[i] + .5f))
            fail_msg("class %d: logit %g, grey gives %g", i, (double)z[i], (double)before[i]);
        for (int p = 0; p < SIZE; p++)
            assert_true(one[i * SIZE + p] >= 0 && one[i * SIZE + p] <= 1);
    }
    free(one);
    free(two);
    tear_down(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_gradient), cmocka_unit_test(test_class_activation_map),
        cmocka_unit_test(test_occlusion),       cmocka_unit_test(test_maps_ignore_threads),
        cmocka_unit_test(test_chosen_maps),     cmocka_unit_test(test_rank_correlation),
        cmocka_unit_test(test_visualise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
