/* The loss of a batch: weights, auxiliary heads, focal loss and group DRO against the formulas in double. */
#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"
#include "nets/loss.h"
#include "nets/loss_batch.h"

enum { N = 6, K = 3, HEADS = 3, FLOATS = HEADS * N * K };

typedef struct bench {
    float logits[FLOATS], targets[N * K], weights[N];
    int32_t labels[N], groups[N];
    train_options o;
    batch b;
} bench;

/* Points into itself: prepared in place. */
static void prepare(bench *t) {
    *t = (bench){.groups = {0, 2, 0, 2, 2, 0}, .o = train_options_default()};
    rng r = rng_stream(1, "test", 0, 0, 0, 0);
    for (int i = 0; i < FLOATS; i++)
        t->logits[i] = 2 * rng_normal(&r);
    for (int i = 0; i < N; i++) {
        float left = 1;
        t->weights[i] = 0.5F + rng_uniform(&r);
        t->labels[i] = i % K;
        for (int k = 0; k < K - 1; k++)
            left -= t->targets[i * K + k] = left * rng_uniform(&r);
        t->targets[i * K + K - 1] = left;
    }
    t->b = (batch){.n = N,
                   .targets = t->targets,
                   .labels = t->labels,
                   .loss_weights = t->weights,
                   .groups = t->groups,
                   .n_groups = 4,
                   .options = &t->o};
}

static double image_loss(const bench *t, const double *z, int i, int n_aux) {
    double loss = 0;
    for (int head = 0; head <= n_aux; head++) {
        const double *at = z + (head * N + i) * K;
        double sum = 0;
        for (int k = 0; k < K; k++)
            sum += exp(at[k]);
        for (int k = 0; k < K; k++) {
            double p = exp(at[k]) / sum;
            loss -= (head ? t->o.aux_weight : 1) * (double)t->targets[i * K + k] *
                    pow(1 - p, t->o.focal_gamma) * log(p);
        }
    }
    return (double)t->weights[i] * loss;
}

/* With group weights q held still, as their gradient is not taken. */
static double mean_loss(const bench *t, const double *z, int n_aux, const float *q) {
    double sum = 0;
    int counts[4] = {0};
    for (int i = 0; i < N; i++)
        counts[t->groups[i]]++;
    for (int i = 0; i < N; i++)
        sum += image_loss(t, z, i, n_aux) * (q ? (double)q[t->groups[i]] / counts[t->groups[i]] : 1.0 / N);
    return sum;
}

static void check_gradient(bench *t, int n_aux, float *q) {
    const double h = 1e-5;
    float losses[N], dlogits[FLOATS];
    double z[FLOATS], sum = 0;
    batch_result result;
    batch_loss(&t->b, K, n_aux, t->logits, q, losses, dlogits, &result);
    for (int i = 0; i < FLOATS; i++)
        z[i] = t->logits[i];
    for (int i = 0; i < N; i++) {
        assert_near((double)losses[i], image_loss(t, z, i, n_aux), 1e-5);
        sum += (double)losses[i];
    }
    assert_near(result.loss, sum, 1e-5);
    for (int i = 0; i < (n_aux + 1) * N * K; i++) {
        double kept = z[i];
        z[i] = kept + h;
        double above = mean_loss(t, z, n_aux, q);
        z[i] = kept - h;
        double below = mean_loss(t, z, n_aux, q);
        z[i] = kept;
        if (fabs((double)dlogits[i] - (above - below) / (2 * h)) > 1e-5)
            fail_msg("logit %d: %g, expected %g", i, (double)dlogits[i], (above - below) / (2 * h));
    }
}

static void test_gradients_of_every_kind(void **state) {
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        bench t;
        float q[TRAIN_MOST_GROUPS] = {0};
        prepare(&t);
        t.o.focal_gamma = kind & 1 ? 2 : 0;
        t.o.group_dro_rate = kind & 2 ? 0.5 : 0;
        check_gradient(&t, kind & 4 ? HEADS - 1 : 0, kind & 2 ? q : NULL);
    }
}

static void test_without_options_it_is_cross_entropy(void **state) {
    (void)state;
    bench t;
    float losses[N], dlogits[FLOATS], dz[K];
    batch_result result;
    prepare(&t);
    t.b.options = NULL;
    batch_loss(&t.b, K, 0, t.logits, NULL, losses, dlogits, &result);
    int correct = 0;
    for (int i = 0; i < N; i++) {
        float loss = cross_entropy_soft(t.logits + i * K, K, t.targets + i * K, dz);
        assert_near((double)losses[i], (double)(t.weights[i] * loss), 1e-6);
        for (int k = 0; k < K; k++)
            assert_near((double)dlogits[i * K + k], (double)(dz[k] * t.weights[i] / N), 1e-7);
        correct += logits_correct(t.logits + i * K, K, t.labels[i]);
    }
    assert_int_equal(result.correct, correct);
}

/* q_g *= exp(rate * loss_g) for groups 0 and 2 that are there, 1 and 3 keep theirs, sum 1; then from there on. */
static void test_group_weights_follow_the_losses(void **state) {
    (void)state;
    bench t;
    float q[TRAIN_MOST_GROUPS] = {0}, losses[N], dlogits[FLOATS];
    batch_result result;
    double expected[4] = {.25, .25, .25, .25};
    prepare(&t);
    t.o.group_dro_rate = 0.7;
    for (int step = 0; step < 3; step++) {
        double sums[4] = {0}, total = 0;
        batch_loss(&t.b, K, 0, t.logits, q, losses, dlogits, &result);
        for (int i = 0; i < N; i++)
            sums[t.groups[i]] += (double)losses[i];
        for (int g = 0; g < 4; g++)
            total += expected[g] *= exp(0.7 * sums[g] / 3); /* three of each */
        for (int g = 0; g < 4; g++)
            assert_near((double)q[g], expected[g] /= total, 1e-6);
        assert_near((double)q[1], (double)q[3], 0);
        assert_true(q[4] == 0);
    }
}

/* Losses that exp cannot hold leave a distribution behind, and a group at the floor can come back. */
static void test_group_weights_stay_a_distribution(void **state) {
    (void)state;
    bench t;
    float q[TRAIN_MOST_GROUPS] = {0}, losses[N], dlogits[FLOATS];
    batch_result result;
    prepare(&t);
    t.o.group_dro_rate = 100;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++)
            t.logits[i * K + k] = t.groups[i] == 0 ? 1000.0F * (float)k : 0;
    for (int step = 0; step < 50; step++)
        batch_loss(&t.b, K, 0, t.logits, q, losses, dlogits, &result);
    assert_near((double)q[0], 1, 1e-6);
    assert_true(q[2] > 0 && q[2] < 1e-6F);
    for (int i = 0; i < N; i++)
        t.groups[i] = 2;
    for (int step = 0; step < 5; step++)
        batch_loss(&t.b, K, 0, t.logits, q, losses, dlogits, &result);
    assert_near((double)q[2], 1, 1e-3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_every_kind),
        cmocka_unit_test(test_without_options_it_is_cross_entropy),
        cmocka_unit_test(test_group_weights_follow_the_losses),
        cmocka_unit_test(test_group_weights_stay_a_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
