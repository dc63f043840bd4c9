/* Directions as long as filters, losses where the weights really are, and planes of known paths. */
#include <math.h>

#include "audit/gradient_norms.h"
#include "audit/landscape/landscape.h"
#include "nets/loss.h"
#include "nets/predict.h"
#include "nets/zoo.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

enum { IMAGES = 20, CLASSES = 3 };

static void build(const char *arch, net **n, weights *w) {
    err e;
    assert_ok(zoo_build(arch, (shape){12, 12, 1}, CLASSES, NULL, NULL, n, &e), e);
    assert_ok(weights_new(*n, w, &e), e);
    weights_init(*n, w, 2);
}

static double length_of(const float *x, size_t stride, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i * stride] * (double)x[i * stride];
    return sqrt(sum);
}

static void test_filters_keep_their_length(void **state) {
    (void)state;
    net *n;
    weights w;
    build("small", &n, &w);
    float *d = malloc(n->n_trainable * sizeof *d), *other = malloc(n->n_trainable * sizeof *d);
    random_direction(n, &w, 7, 0, d);
    random_direction(n, &w, 7, 1, other);
    for (int k = 0; k < n->n_params; k++) {
        const net_param *p = &n->params[k];
        if (p->offset >= n->n_trainable) continue;
        if (p->info.rank < 2) {
            assert_near(length_of(d + p->offset, 1, p->size), 0, 0);
            continue;
        }
        bool conv = p->info.rank == 4;
        size_t filters = (size_t)p->info.dims[conv ? 3 : 0], count = p->size / filters,
               stride = conv ? filters : 1;
        for (size_t f = 0; f < filters; f++) {
            size_t at = p->offset + (conv ? f : f * count);
            double own = length_of(w.data + at, stride, count);
            assert_near(length_of(d + at, stride, count), own, 1e-5 * own);
        }
        assert_memory_not_equal(d + p->offset, other + p->offset, p->size * sizeof *d);
    }
    random_direction(n, &w, 7, 0, other);
    assert_memory_equal(d, other, n->n_trainable * sizeof *d);
    free(d);
    free(other);
    weights_free(&w);
    net_free(n);
}

/* The loss at a point is that of a model with these weights, and the centre stays what it was. */
static void test_points(void **state) {
    (void)state;
    err e;
    net *n;
    weights w, moved;
    landscape l;
    model *m;
    run r = run_default();
    build("small", &n, &w);
    dataset d = fake_images(4, IMAGES, (shape){12, 12, 1}, CLASSES, 0, 1);
    float *a = malloc(n->n_trainable * sizeof *a), *b = malloc(n->n_trainable * sizeof *b),
          z[IMAGES * CLASSES];
    random_direction(n, &w, 7, 0, a);
    random_direction(n, &w, 7, 1, b);
    assert_ok(weights_copy(&w, &moved, &e), e);
    for (size_t i = 0; i < n->n_trainable; i++)
        moved.data[i] = (float)((double)w.data[i] + .5 * (double)a[i] - .25 * (double)b[i]);
    assert_ok(model_of_net(n, &moved, false, &r, &m, &e), e);
    assert_ok(predict_logits(m, &d, &r, "", z, &e), e);
    double expected = 0, loss, accuracy, again;
    int correct = 0;
    for (int i = 0; i < IMAGES; i++) {
        expected += (double)cross_entropy(z + i * CLASSES, CLASSES, d.labels[i], NULL) / IMAGES;
        correct += logits_correct(z + i * CLASSES, CLASSES, d.labels[i]);
    }
    assert_ok(landscape_open(n, &w, &d, &r, &l, &e), e);
    assert_ok(landscape_at(&l, .5, a, -.25, b, &loss, &accuracy, &e), e);
    assert_near(loss, expected, 1e-9);
    assert_near(accuracy, (double)correct / IMAGES, 1e-12);
    assert_ok(landscape_at(&l, 0, a, 0, NULL, &loss, &accuracy, &e), e);
    assert_ok(landscape_at(&l, 1, a, 0, NULL, &again, &accuracy, &e), e);
    assert_true(fabs(loss - again) > 1e-3);
    assert_ok(landscape_at(&l, 0, a, 0, b, &again, &accuracy, &e), e);
    assert_near(again, loss, 0);
    landscape_close(&l);
    model_free(m);
    weights_free(&moved);
    free(a);
    free(b);
    dataset_free(&d);
    weights_free(&w);
    net_free(n);
}

/* Five points of a plane: its directions are orthogonal and of length 1, and places give all distances back. */
static void test_path_plane(void **state) {
    (void)state;
    enum { POINTS = 5 };
    static const double places[POINTS][2] = {{4, 1}, {3, -1}, {2, 1.5}, {1, 0}, {0, 0}};
    err e;
    net *n;
    weights w, points[POINTS];
    const weights *list[POINTS];
    double x[POINTS], y[POINTS], explained[2];
    build("linear", &n, &w);
    float *u = malloc(n->n_trainable * sizeof *u), *v = malloc(n->n_trainable * sizeof *v);
    for (int i = 0; i < POINTS; i++) {
        assert_ok(weights_copy(&w, &points[i], &e), e);
        points[i].data[0] += (float)places[i][0];
        points[i].data[5] += (float)places[i][1];
        list[i] = &points[i];
    }
    assert_ok(path_plane(n, list, POINTS, u, v, x, y, explained, &e), e);
    double uv = 0;
    for (size_t i = 0; i < n->n_trainable; i++)
        uv += (double)u[i] * (double)v[i];
    assert_near(length_of(u, 1, n->n_trainable), 1, 1e-6);
    assert_near(length_of(v, 1, n->n_trainable), 1, 1e-6);
    assert_near(uv, 0, 1e-6);
    assert_near(explained[0] + explained[1], 1, 1e-9);
    assert_true(explained[0] > .8);
    for (int i = 0; i < POINTS; i++) {
        double distance = hypot(places[i][0], places[i][1]);
        assert_near(hypot(x[i], y[i]), distance, 1e-5);
        assert_near((double)(w.data[0] + (float)x[i] * u[0] + (float)y[i] * v[0]), (double)points[i].data[0],
                    1e-5);
        assert_near((double)(w.data[5] + (float)x[i] * u[5] + (float)y[i] * v[5]), (double)points[i].data[5],
                    1e-5);
    }
    for (int i = 0; i < POINTS; i++)
        list[i] = &points[0];
    assert_int_equal(path_plane(n, list, POINTS, u, v, x, y, explained, &e), STATUS_USAGE);
    for (int i = 0; i < POINTS; i++)
        weights_free(&points[i]);
    free(u);
    free(v);
    weights_free(&w);
    net_free(n);
}

/* Gradients of ones: each norm is the root of the count; the longest way leaves shortcuts out. */
static void test_gradient_norms(void **state) {
    (void)state;
    net *n;
    weights w;
    interval i;
    build("resnet20", &n, &w);
    gradient_norms g;
    gradient_norms_begin(&g, n);
    assert_int_equal(g.n_layers, 20);
    assert_string_equal(n->params[g.params[0]].name, "conv1.weight");
    assert_string_equal(n->params[g.params[19]].name, "fc.weight");
    float *grad = malloc(n->n_trainable * sizeof *grad);
    for (int step = 0; step < 300; step++) {
        for (size_t k = 0; k < n->n_trainable; k++)
            grad[k] = step < 30 ? 1 : 2;
        gradient_norms_step(&g, &(train_step_report){.step = step, .loss = 1, .grad = grad});
    }
    assert_false(g.failed);
    assert_near(gradient_norms_mean(&g, 0, gradient_norms_start(&g)), sqrt(9 * 16), 1e-9);
    assert_near(gradient_norms_mean(&g, 0, gradient_norms_end(&g)), 2 * sqrt(9 * 16), 1e-9);
    assert_near(gradient_norms_mean(&g, 0, (step_range){29, 31}), sqrt(2) * sqrt(9 * 16), 1e-9);
    double ratio = gradient_norms_ratio(&g, gradient_norms_end(&g), &i);
    assert_near(ratio, sqrt(144.0 / (64 * CLASSES)), 1e-9);
    assert_near(i.lo, ratio, 1e-9);
    assert_near(i.hi, ratio, 1e-9);
    memset(grad, 0, n->n_trainable * sizeof *grad);
    gradient_norms_step(&g, &(train_step_report){.loss = 1, .grad = grad});
    assert_true(isnan(gradient_norms_ratio(&g, gradient_norms_end(&g), &i)));
    gradient_norms_free(&g);
    free(grad);
    weights_free(&w);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_filters_keep_their_length),
                                       cmocka_unit_test(test_points), cmocka_unit_test(test_path_plane),
                                       cmocka_unit_test(test_gradient_norms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
