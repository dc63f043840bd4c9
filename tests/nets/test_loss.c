/* Losses: published values, gradients as differences of the loss, and margins where float32 would lose everything. */
#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"
#include "nets/loss.h"

static void test_class(void **state) {
    (void)state;
    const float clear[] = {1, 3, 2}, tied[] = {3, 1, 3}, low_tie[] = {1, 1, 2}, nan[] = {1, NAN, 0},
                inf[] = {1, INFINITY, 0};
    assert_int_equal(logits_class(clear, 3), 1);
    assert_int_equal(logits_class(low_tie, 3), 2);
    assert_int_equal(logits_class(tied, 3), -1);
    assert_int_equal(logits_class(nan, 3), -1);
    assert_int_equal(logits_class(inf, 3), -1);
    assert_true(logits_correct(clear, 3, 1));
    for (int y = 0; y < 3; y++) {
        assert_false(logits_correct(tied, 3, y));
        assert_false(logits_correct(nan, 3, y));
        assert_false(logits_correct(inf, 3, y));
    }
    const float constant[] = {0, 0};
    assert_false(logits_correct(constant, 2, 0) || logits_correct(constant, 2, 1));
    assert_true(logits_margin(clear, 3, 1) == 1 && logits_margin(clear, 3, 0) == -2 &&
                logits_margin(tied, 3, 0) == 0);
    assert_true(isnan(logits_margin(nan, 3, 0)));
}

static void test_known_values(void **state) {
    (void)state;
    const float even[] = {5, 5, 5, 5}, z[] = {1, 2, 3};
    float p[4], dz[4];
    assert_near((double)cross_entropy(even, 4, 2, NULL), log(4), 1e-6);
    softmax(z, 3, p); /* softmax(1, 2, 3) */
    assert_near((double)p[0], 0.09003057317038046, 1e-7);
    assert_near((double)p[1], 0.24472847105479764, 1e-7);
    assert_near((double)p[2], 0.6652409557748219, 1e-7);
    assert_near((double)cross_entropy(z, 3, 0, dz), 2.4076059644443806, 1e-6);
    assert_near((double)dz[0], 0.09003057317038046 - 1, 1e-7);
}

static void test_gradients(void **state) {
    (void)state;
    enum { K = 10 };
    rng r = rng_stream(3, "test", 0, 0, 0, 0);
    for (int trial = 0; trial < 50; trial++) {
        float z[K], t[K], dz[K], hard[K], sum = 0;
        for (int k = 0; k < K; k++) {
            z[k] = 3 * rng_normal(&r);
            t[k] = rng_uniform(&r);
            sum += t[k];
        }
        for (int k = 0; k < K; k++)
            t[k] /= sum;
        float loss = cross_entropy_soft(z, K, t, dz);
        double expected = 0, total = 0;
        for (int k = 0; k < K; k++)
            total += exp((double)z[k]);
        for (int k = 0; k < K; k++) {
            double p = exp((double)z[k]) / total;
            expected -= (double)t[k] * log(p);
            assert_near((double)dz[k], p - (double)t[k], 1e-6);
        }
        assert_near((double)loss, expected, 1e-5);
        float one[K] = {0};
        one[trial % K] = 1;
        assert_true(cross_entropy_soft(z, K, one, dz) == cross_entropy(z, K, trial % K, hard));
        assert_memory_equal(dz, hard, sizeof hard);
    }
}

/* At a margin of 40 float32 softmax is exactly one-hot, and p - 1 exactly 0: an attack would stand still. */
static void test_far_margins(void **state) {
    (void)state;
    const float z[] = {40, 0, -5};
    float dz[3], smooth[3];
    double rest = exp(-40) + exp(-45);
    assert_near((double)cross_entropy(z, 3, 0, dz) / rest, 1, 1e-5);
    assert_near((double)dz[0] / -rest, 1, 1e-5);
    assert_near((double)dz[1] / exp(-40), 1, 1e-5);
    const float nearly[] = {1 - 0x1p-20F, 0x1p-20F, 0};
    cross_entropy_soft(z, 3, nearly, smooth);
    assert_near((double)smooth[0], 0x1p-20, 1e-11);
    const float huge[] = {3e38F, -3e38F}, infinite[] = {1e5F, 0};
    assert_true(isfinite(cross_entropy(infinite, 2, 1, dz)) && dz[1] == -1 && dz[0] == 1);
    cross_entropy(huge, 2, 1, dz);
    assert_true(dz[0] == 1 && dz[1] == -1);
    const float nan[] = {NAN, 0};
    assert_true(isnan(cross_entropy(nan, 2, 1, dz)));
}

static double focal_reference(const double *z, int classes, const double *t, double gamma) {
    double sum = 0, loss = 0;
    for (int k = 0; k < classes; k++)
        sum += exp(z[k]);
    for (int k = 0; k < classes; k++) {
        double p = exp(z[k]) / sum;
        loss -= t[k] * pow(1 - p, gamma) * log(p);
    }
    return loss;
}

/* Values of the formula, and gradients as differences of it in double. */
static void test_focal_loss(void **state) {
    (void)state;
    enum { K = 5 };
    const double gammas[] = {0, 0.5, 1, 2, 5}, h = 1e-5;
    rng r = rng_stream(4, "test", 0, 0, 0, 0);
    for (int trial = 0; trial < 100; trial++) {
        double gamma = gammas[trial % 5], x[K], soft[K], sum = 0;
        float z[K], t[K], dz[K];
        for (int k = 0; k < K; k++)
            sum += t[k] = trial % 2 ? rng_uniform(&r) : (float)(k == trial % K);
        for (int k = 0; k < K; k++) {
            x[k] = z[k] = 2 * rng_normal(&r);
            soft[k] = t[k] = (float)(t[k] / sum);
        }
        float loss = focal_loss_soft(z, K, t, gamma, dz);
        assert_near((double)loss, focal_reference(x, K, soft, gamma), 1e-5);
        for (int k = 0; k < K; k++) {
            double kept = x[k];
            x[k] = kept + h;
            double above = focal_reference(x, K, soft, gamma);
            x[k] = kept - h;
            double below = focal_reference(x, K, soft, gamma);
            x[k] = kept;
            assert_near((double)dz[k], (above - below) / (2 * h), 1e-5);
        }
        float plain[K];
        if (gamma != 0) continue;
        assert_near((double)loss, (double)cross_entropy_soft(z, K, t, plain), 1e-6);
        assert_relative(dz, plain, K, 1e-5);
    }
}

/* Where p is 1 to float precision: loss q^(1 + gamma), slope (1 + gamma) q^gamma times that of q; and never a NaN. */
static void test_focal_loss_at_far_margins(void **state) {
    (void)state;
    const float z[] = {20, 0}, t[] = {1, 0}, sure[] = {200, 0};
    float dz[2];
    double q = exp(-20);
    assert_near((double)focal_loss_soft(z, 2, t, 1, dz) / (q * q), 1, 1e-5);
    assert_near((double)dz[0] / (-2 * q * q), 1, 1e-5);
    assert_near((double)dz[1] / (2 * q * q), 1, 1e-5);
    for (int i = 0; i < 3; i++) {
        assert_near((double)focal_loss_soft(sure, 2, t, i / 2.0, dz), 0, 1e-30);
        assert_true(isfinite(dz[0]) && isfinite(dz[1]));
    }
    const float wrong[] = {0, 1};
    focal_loss_soft(sure, 2, wrong, 2, dz);
    assert_near((double)dz[0], 1, 1e-6);
    assert_near((double)dz[1], -1, 1e-6);
    const float nan[] = {NAN, 0};
    assert_true(isnan(focal_loss_soft(nan, 2, t, 2, dz)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class),      cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_gradients),  cmocka_unit_test(test_far_margins),
        cmocka_unit_test(test_focal_loss), cmocka_unit_test(test_focal_loss_at_far_margins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
