/* Dropout at test time, on a net so small that every mask can be listed. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/mc_dropout.h"
#include "nets/zoo.h"
#include "tests/support/fakes.h"

enum { N = 70, K = 3, PASSES = 4000 };

/* dropout .5 of two pixels, then logits 3 x_0, 2 x_1, 0. */
static net *two_pixel_net(float rate, weights *w) {
    err e;
    net *n;
    net_builder *b = net_begin("two", (shape){1, 2, 1});
    int flat = net_add(b, "flat", "flatten", &(layer_config){0}, 1, (int[]){0});
    int drop = net_add(b, "drop", "dropout", &(layer_config){.rate = rate}, 1, &flat);
    net_add(b, "fc", "linear", &(layer_config){.out = K, .bias = true}, 1, &drop);
    assert_ok(net_finish(b, &n, &e), e);
    assert_ok(weights_new(n, w, &e), e);
    const float values[] = {3, 0, 0, 2, 0, 0};
    memcpy(w->data, values, sizeof values);
    return n;
}

static double entropy(const double *p) {
    double sum = 0;
    for (int k = 0; k < K; k++)
        sum -= p[k] * log(p[k]);
    return sum;
}

/* Mean probabilities, their entropy and the mutual information over the four masks. */
static void expect(const float *x, double mean[K], double *information) {
    double inner = 0;
    for (int k = 0; k < K; k++)
        mean[k] = 0;
    for (int mask = 0; mask < 4; mask++) {
        double z[K] = {mask & 1 ? 6.0 * x[0] : 0, mask & 2 ? 4.0 * x[1] : 0, 0}, p[K], sum = 0;
        for (int k = 0; k < K; k++)
            sum += exp(z[k]);
        for (int k = 0; k < K; k++) {
            p[k] = exp(z[k]) / sum;
            mean[k] += p[k] / 4;
        }
        inner += entropy(p) / 4;
    }
    *information = entropy(mean) - inner;
}

static void spreads_as_the_masks_do(void **state) {
    (void)state;
    err e;
    weights w;
    net *n = two_pixel_net(0.5F, &w);
    dataset d = fake_images(2, N, n->input, K, 0.2F, 1);
    float logits[N * K], uncertain[N], information[N];
    run r = run_default();
    const mc_answers out = {logits, uncertain, information};
    assert_ok(mc_dropout(n, &w, &d, PASSES, &r, "test", &out, &e), e);
    for (int i = 0; i < N; i++) {
        float x[2];
        double mean[K], wanted;
        dataset_image(&d, i, x);
        expect(x, mean, &wanted);
        for (int k = 0; k < K; k++)
            assert_near(exp((double)logits[i * K + k]), mean[k], 0.035); /* standard error below .008 */
        assert_near((double)uncertain[i], entropy(mean), 0.04);
        assert_near((double)information[i], wanted, 0.04);
        assert_true(information[i] <= uncertain[i]);
    }
    dataset_free(&d);
    weights_free(&w);
    net_free(n);
}

/* One pass knows nothing of other passes; the same bits for other threads, the same answers beside other neighbours; other ones for another seed. */
static void replays_by_seed_row_and_pass(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    dataset d = fake_images(1, N, (shape){8, 8, 1}, K, 0, 1), part;
    const int32_t rows[] = {69, 3, 40};
    assert_ok(zoo_build("vgg-small", d.image, K, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init(n, &w, 5);
    float *before = malloc(w.n * sizeof *before), a[N * K], b[N * K], h[N], m[N];
    assert_non_null(before);
    memcpy(before, w.data, w.n * sizeof *before);
    const mc_answers first = {a, h, m}, second = {b, h, m};
    run r = run_default();
    r.seed = 4;
    assert_ok(mc_dropout(n, &w, &d, 3, &r, "test", &first, &e), e);
    assert_memory_equal(w.data, before, w.n * sizeof *before);
    r.threads = 3;
    assert_ok(mc_dropout(n, &w, &d, 3, &r, "test", &second, &e), e);
    assert_memory_equal(a, b, sizeof a);
    assert_ok(dataset_select(&d, rows, 3, &part, &e), e);
    assert_ok(mc_dropout(n, &w, &part, 3, &r, "test", &second, &e), e);
    for (int i = 0; i < 3; i++)
        assert_relative(b + i * K, a + rows[i] * K, K, 1e-5);
    r.seed = 5;
    assert_ok(mc_dropout(n, &w, &d, 3, &r, "test", &second, &e), e);
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(mc_dropout(n, &w, &d, 1, &r, "test", &second, &e), e);
    for (int i = 0; i < N; i++)
        assert_near(m[i], 0, 1e-6);
    free(before);
    dataset_free(&part);
    dataset_free(&d);
    weights_free(&w);
    net_free(n);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    err e;
    weights w;
    net *n = two_pixel_net(0, &w);
    dataset d = fake_images(2, 3, n->input, K, 0, 1), other = fake_images(2, 3, (shape){2, 2, 1}, K, 0, 1);
    float logits[3 * K], h[3], m[3];
    const mc_answers out = {logits, h, m};
    volatile sig_atomic_t stop = 1;
    run r = run_default();
    assert_int_equal(mc_dropout(n, &w, &d, 3, &r, "test", &out, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "no dropout"));
    n->nodes[2].config.rate = 0.5F;
    assert_int_equal(mc_dropout(n, &w, &other, 3, &r, "test", &out, &e), STATUS_USAGE);
    assert_int_equal(mc_dropout(n, &w, &d, 0, &r, "test", &out, &e), STATUS_USAGE);
    r.cancel = &stop;
    assert_int_equal(mc_dropout(n, &w, &d, 3, &r, "test", &out, &e), STATUS_CANCELLED);
    w.data[0] = NAN;
    r.cancel = NULL;
    assert_ok(mc_dropout(n, &w, &d, 3, &r, "test", &out, &e), e);
    assert_true(isnan(logits[0]) && isnan(h[0]));
    dataset_free(&d);
    dataset_free(&other);
    weights_free(&w);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreads_as_the_masks_do),
        cmocka_unit_test(replays_by_seed_row_and_pass),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
