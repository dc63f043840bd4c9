/* What training keeps: validation after each epoch, early stopping, averages with their own statistics of batch norm. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/loss.h"
#include "nets/train.h"
#include "tests/support/golden.h"

enum { ROWS = 40, CLASSES = 2, MOST_EPOCHS = 32 };

typedef struct bench {
    net *net;
    weights w;
    uint8_t pixels[ROWS];
    int32_t labels[ROWS], ids[ROWS];
    dataset d;
    train_options o;
    run r;
    objective goal;
    train_epoch told[MOST_EPOCHS];
    int n_told;
} bench;

/* One grey pixel, dark ones of class 0 and bright ones of class 1: [batch norm,] linear. */
static void begin(bench *b, bool norm) {
    err e;
    *b = (bench){.o = train_options_default(), .r = run_default()};
    for (int i = 0; i < ROWS; i++) {
        b->pixels[i] = (uint8_t)(3 + 6 * i);
        b->labels[i] = 3 + 6 * i > 127;
        b->ids[i] = i;
    }
    b->d = (dataset){.name = "dots",
                     .n = ROWS,
                     .classes = CLASSES,
                     .image = {1, 1, 1},
                     .pixels = b->pixels,
                     .labels = b->labels,
                     .ids = b->ids};
    net_builder *builder = net_begin("dot", b->d.image);
    layer_config linear = {.out = CLASSES, .bias = true}, none = {0};
    int at = norm ? net_add(builder, "norm", "batch_norm", &none, 1, (int[]){0}) : 0;
    net_add(builder, "fc", "linear", &linear, 1, &at);
    assert_ok(net_finish(builder, &b->net, &e), e);
    assert_ok(weights_new(b->net, &b->w, &e), e);
    weights_init(b->net, &b->w, 2);
    b->o.batch = 8;
    b->o.epochs = 4;
    b->o.validation = &b->d;
}

static void end(bench *b) {
    if (b->goal.free) b->goal.free(b->goal.self);
    weights_free(&b->w);
    net_free(b->net);
}

static void see_epoch(void *user, const train_epoch *t) {
    bench *b = user;
    assert_true(b->n_told < MOST_EPOCHS);
    b->told[b->n_told++] = *t;
}

static void fit(bench *b) {
    err e;
    train_watch watch = {.user = b, .each_epoch = see_epoch};
    if (!b->goal.accumulate) assert_ok(objective_plain(b->net, &b->w, b->o.batch, &b->r, &b->goal, &e), e);
    assert_ok(train(b->net, &b->w, &b->d, &b->o, &b->goal, &b->r, &watch, &e), e);
}

/* Mean cross entropy and accuracy of the weights that training left. */
static void judge(const bench *b, double *loss, double *accuracy) {
    err e;
    session *s;
    assert_ok(session_new(b->net, &b->w, SESSION_INFER, 0, &b->r, &s, &e), e);
    *loss = *accuracy = 0;
    for (int i = 0; i < ROWS; i++) {
        float x = (float)b->pixels[i] / 255, z[CLASSES];
        assert_ok(session_infer(s, 0, 1, &x, z, &e), e);
        *loss += (double)cross_entropy(z, CLASSES, b->labels[i], NULL) / ROWS;
        *accuracy += (double)logits_correct(z, CLASSES, b->labels[i]) / ROWS;
    }
    session_free(s);
}

/* The last epoch's judgement is of the weights that are kept, whatever they are. */
static void test_what_is_judged_is_what_is_kept(void **state) {
    (void)state;
    for (int trick = 0; trick < 4; trick++) {
        bench b;
        double loss, accuracy;
        begin(&b, true);
        b.r.threads = 1 + trick;
        if (trick == 1) b.o.ema_decay = 0.9;
        if (trick == 2) b.o.swa_from = 0.5;
        if (trick == 3) b.o.lookahead_every = 4;
        fit(&b);
        judge(&b, &loss, &accuracy);
        assert_int_equal(b.n_told, 4);
        assert_true(b.told[3].validated);
        assert_near(b.told[3].validation_loss, loss, 1e-9);
        assert_near(b.told[3].validation_accuracy, accuracy, 1e-12);
        assert_true(b.told[0].validation_loss != b.told[3].validation_loss);
        end(&b);
    }
}

static void test_without_validation_nothing_is_told_of_it(void **state) {
    (void)state;
    bench b;
    begin(&b, false);
    b.o.validation = NULL;
    fit(&b);
    assert_false(b.told[0].validated);
    end(&b);
}

/* Moves the threshold of class 1, -bias[1], up by 0.05 a step. */
static status sweep(void *self, const batch *b, weights *w, float *grad, batch_result *result, err *e) {
    (void)w, (void)e;
    const net *n = self;
    memset(grad, 0, n->n_trainable * sizeof *grad);
    grad[n->params[1].offset + 1] = 0.05f;
    *result = (batch_result){.loss = b->n};
    return STATUS_OK;
}

static void begin_sweep(bench *b) {
    begin(b, false);
    assert_string_equal(b->net->params[1].name, "fc.bias");
    memset(b->w.data, 0, b->w.n * sizeof *b->w.data);
    b->w.data[b->net->params[0].offset + 1] = 1;
    b->goal = (objective){.name = "sweep", .self = b->net, .accumulate = sweep};
    b->o.batch = ROWS;
    b->o.optim = OPTIM_SGD;
    b->o.momentum = b->o.weight_decay = 0;
    b->o.schedule = schedule_default(SCHEDULE_CONSTANT, 1);
    b->o.epochs = 20;
}

static void test_early_stopping_keeps_the_best(void **state) {
    (void)state;
    for (int patience = 1; patience <= 3; patience++) {
        bench b;
        begin_sweep(&b);
        b.o.patience = patience;
        fit(&b);
        /* Best with the threshold at 0.5, after ten steps; every step before is better than the one before it. */
        assert_int_equal(b.n_told, 10 + patience);
        assert_near(b.told[9].validation_accuracy, 1, 0);
        assert_near(b.w.data[b.net->params[1].offset + 1], -0.5, 1e-6);
        end(&b);
    }
}

static void test_patience_without_a_fall_trains_to_the_end(void **state) {
    (void)state;
    bench b;
    begin_sweep(&b);
    b.o.patience = 1;
    b.o.epochs = 7;
    fit(&b);
    assert_int_equal(b.n_told, 7);
    assert_near(b.w.data[b.net->params[1].offset + 1], -0.35, 1e-6);
    end(&b);
}

static void test_plateau_listens_to_the_validation_loss(void **state) {
    (void)state;
    bench b;
    begin_sweep(&b);
    b.o.schedule = schedule_default(SCHEDULE_PLATEAU, 1);
    b.o.schedule.patience = 0;
    b.o.epochs = 20;
    fit(&b); /* the training loss never falls: it would reduce the rate after every epoch */
    int falls = 0;
    for (int i = 1; i < b.n_told; i++) {
        bool worse = b.told[i - 1].validation_loss >= 0.9999 * b.told[i > 1 ? i - 2 : 0].validation_loss;
        bool fell = b.told[i].rate < b.told[i - 1].rate;
        if (i > 1 && falls == 0 && worse != fell)
            fail_msg("epoch %d: loss worse %d, rate fell %d", i, worse, fell);
        falls += fell;
    }
    assert_true(falls > 0 && falls < 19);
    end(&b);
}

/* Batch norm right behind the input, and batches of all rows: SWA's statistics are the exact moments of the data, where those of training
 * are still on their way from 0 and 1. */
static void test_swa_measures_the_statistics_anew(void **state) {
    (void)state;
    bench b;
    begin(&b, true);
    b.o.batch = ROWS;
    b.o.swa_from = 0.5;
    fit(&b);
    double mean = 0, variance = 0;
    for (int i = 0; i < ROWS; i++)
        mean += b.pixels[i] / 255.0 / ROWS;
    for (int i = 0; i < ROWS; i++)
        variance += (b.pixels[i] / 255.0 - mean) * (b.pixels[i] / 255.0 - mean) / (ROWS - 1);
    int seen = 0;
    for (int p = 0; p < b.net->n_params; p++) {
        const net_param *param = &b.net->params[p];
        double value = (double)b.w.data[param->offset];
        if (param->info.kind == BUFFER_MEAN) assert_near(value, mean, 1e-6);
        if (param->info.kind == BUFFER_VARIANCE) assert_near(value, variance, 1e-6);
        seen += param->info.kind == BUFFER_MEAN || param->info.kind == BUFFER_VARIANCE;
    }
    assert_int_equal(seen, 2);
    end(&b);
}

static void test_frozen_norm_keeps_its_statistics(void **state) {
    (void)state;
    for (int swa = 0; swa < 2; swa++) {
        bench b;
        begin(&b, true);
        b.o.frozen_norm = true;
        b.o.swa_from = swa ? 0.5 : 0;
        fit(&b);
        for (int p = 0; p < b.net->n_params; p++) {
            const net_param *param = &b.net->params[p];
            if (param->offset < b.net->n_trainable) continue;
            assert_near(b.w.data[param->offset], param->info.kind == BUFFER_VARIANCE, 0);
        }
        end(&b);
    }
}

static void test_validation_that_does_not_fit_is_refused(void **state) {
    (void)state;
    err e;
    bench b;
    begin(&b, false);
    dataset other = b.d;
    other.classes = 3;
    b.o.validation = &other;
    assert_ok(objective_plain(b.net, &b.w, b.o.batch, &b.r, &b.goal, &e), e);
    assert_int_equal(train(b.net, &b.w, &b.d, &b.o, &b.goal, &b.r, NULL, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "validation"));
    end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_judged_is_what_is_kept),
        cmocka_unit_test(test_without_validation_nothing_is_told_of_it),
        cmocka_unit_test(test_early_stopping_keeps_the_best),
        cmocka_unit_test(test_patience_without_a_fall_trains_to_the_end),
        cmocka_unit_test(test_plateau_listens_to_the_validation_loss),
        cmocka_unit_test(test_swa_measures_the_statistics_anew),
        cmocka_unit_test(test_frozen_norm_keeps_its_statistics),
        cmocka_unit_test(test_validation_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
