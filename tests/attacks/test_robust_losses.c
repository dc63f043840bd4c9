/* Robust training: losses and gradients of its objectives. */
#include <math.h>
#include <string.h>

#include "tests/support/golden.h"
#include "tests/support/robust_bench.h"
#include "tests/support/test.h"

static void check_pair_loss(pair_loss *loss, double beta) {
    const float h = 1e-3f;
    for (uint32_t trial = 0; trial < 20; trial++) {
        float z[2][CLASSES], dz[2][CLASSES] = {{0}}, unused[CLASSES] = {0};
        for (uint32_t k = 0; k < 2 * CLASSES; k++)
            z[k / CLASSES][k % CLASSES] = 4 * golden_unit(trial, k);
        loss(z[0], z[1], CLASSES, 1, beta, 0.5, dz[0], dz[1]);
        for (int k = 0; k < 2 * CLASSES; k++) {
            float *at = &z[k / CLASSES][k % CLASSES], before = *at;
            *at = before + h;
            double above = loss(z[0], z[1], CLASSES, 1, beta, 0.5, unused, unused), hi = (double)*at;
            *at = before - h;
            double below = loss(z[0], z[1], CLASSES, 1, beta, 0.5, unused, unused), lo = (double)*at;
            *at = before;
            assert_float_equal((above - below) / (hi - lo), dz[k / CLASSES][k % CLASSES], 2e-4);
        }
    }
}

static void pair_losses_have_their_gradients(void **state) {
    (void)state;
    check_pair_loss(trades_loss, 6);
    check_pair_loss(mart_loss, 5);
}

/* KL of two distributions that are known: .5, .5 and .75, .25. */
static void divergence_is_known(void **state) {
    (void)state;
    float z[2] = {0, 0}, a[2] = {(float)log(3), 0};
    double p[2], q[2], logs[2];
    assert_float_equal(pair_divergence(z, a, 2, p, q, logs), 0.5 * log(0.5 / 0.75) + 0.5 * log(0.5 / 0.25),
                       1e-7);
}

/* The gradient of a whole objective by central differences of its loss at the same changed images, in random directions. The second pass of SAM keeps
 * the images: so does this. */
static void check_objective_gradient(const char *name) {
    bench *t = bench_begin(2);
    err e;
    objective goal = bench_objective(t, name, 0.1);
    batch_result result;
    size_t n = t->net->n_trainable;
    float *grad = calloc(n, sizeof *grad), *other = calloc(n, sizeof *other), *kept = calloc(n, sizeof *kept);
    memcpy(kept, t->w.data, n * sizeof *kept);
    assert_ok(goal.accumulate(goal.self, &t->b, &t->w, grad, &result, &e), e);
    assert_true(result.clean_n > 0 && result.clean_correct <= result.clean_n);
    t->b.update_statistics = false;
    for (uint32_t direction = 0; direction < 6; direction++) {
        const double h = 3e-4;
        double slope = 0, loss[2], length = 0;
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n; i++)
                t->w.data[i] =
                    kept[i] + (float)((side ? h : -h) * (double)golden_unit(50 + direction, (uint32_t)i));
            t->w.version++;
            assert_ok(goal.accumulate(goal.self, &t->b, &t->w, other, &result, &e), e);
            loss[side] = result.loss / ROWS;
        }
        for (size_t i = 0; i < n; i++) {
            slope += (double)grad[i] * (double)golden_unit(50 + direction, (uint32_t)i);
            length += (double)grad[i] * (double)grad[i];
        }
        double measured = (loss[1] - loss[0]) / (2 * h);
        if (fabs(measured - slope) > 5e-3 * sqrt(length) + 2e-3)
            fail_msg("%s, direction %u: %.6f by differences, %.6f by the gradient", name, direction, measured,
                     slope);
    }
    free(grad);
    free(other);
    free(kept);
    goal.free(goal.self);
    bench_end(t);
}

static void gradients_are_those_of_the_loss(void **state) {
    (void)state;
    for (int i = 0; robust_at(i); i++) /* bounds have kinks in every direction: test_ibp.c */
        if (strcmp(robust_at(i)->name, "ibp") != 0) check_objective_gradient(robust_at(i)->name);
}

/* With beta and eps of almost nothing, TRADES is plain training. */
static void trades_without_beta_is_plain(void **state) {
    (void)state;
    bench *t = bench_begin(1);
    err e;
    objective plain, trades;
    batch_result a, b;
    robust_options o = robust_fill(robust_find("trades"), bench_asked(0.1), t->net->input);
    o.beta = 1e-12;
    float *g = calloc(t->net->n_trainable, sizeof *g), *h = calloc(t->net->n_trainable, sizeof *h);
    assert_ok(objective_plain(t->net, &t->w, ROWS, &t->r, &plain, &e), e);
    assert_ok(objective_robust(robust_find("trades"), &o, t->net, &t->w, ROWS, &t->r, &trades, &e), e);
    assert_ok(plain.accumulate(plain.self, &t->b, &t->w, g, &a, &e), e);
    assert_ok(trades.accumulate(trades.self, &t->b, &t->w, h, &b, &e), e);
    assert_float_equal(a.loss, b.loss, 1e-5);
    for (size_t i = 0; i < t->net->n_trainable; i++)
        assert_float_equal(g[i], h[i], 1e-5);
    free(g);
    free(h);
    plain.free(plain.self);
    trades.free(trades.self);
    bench_end(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pair_losses_have_their_gradients), cmocka_unit_test(divergence_is_known),
        cmocka_unit_test(gradients_are_those_of_the_loss), cmocka_unit_test(trades_without_beta_is_plain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
