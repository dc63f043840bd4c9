/* Tricks of the training loop against PyTorch: clipping, SAM, lookahead, EMA, SWA; frozen parameters, the plateau schedule. The objective is a
 * noisy bowl, so that nothing but the loop is seen. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/train.h"
#include "tests/support/golden.h"

enum {
    TENSORS = 3,
    FLOATS = 12 + 5 + 4,
    BUFFERS = 2,
    ALL = FLOATS + BUFFERS,
    EPOCHS = 4,
    STEPS = 3,
    BATCH = 2
};

static const struct {
    const char *name;
    param_kind kind;
    size_t size;
} tensors[TENSORS + 1] = {{"weight", PARAM_WEIGHT, 12},
                          {"bias", PARAM_BIAS, 5},
                          {"scale", PARAM_NORM_SCALE, 4},
                          {"mean", BUFFER_VARIANCE, BUFFERS}};

typedef struct bowl {
    net net;
    net_param params[TENSORS + 1];
    float data[ALL];
    weights w;
    uint8_t pixels[BATCH * STEPS];
    int32_t labels[BATCH * STEPS], ids[BATCH * STEPS];
    dataset d;
    objective goal;
    float goal_state[2];
    train_options o;
    run r;
    int calls, calls_with_statistics, epochs_told, nan_at;
    double loss; /* of every batch; 0: that of the bowl */
    double rates_seen[EPOCHS * STEPS + 8];
} bowl;

/* The gradient is 2 * w + noise(step); the buffers count the steps that update statistics. */
static status roll(void *self, const batch *b, weights *w, float *grad, batch_result *result, err *e) {
    (void)e;
    bowl *at = self;
    for (int t = 0; t < TENSORS; t++) {
        const net_param *p = &at->params[t];
        char name[32];
        snprintf(name, sizeof name, "%s.noise", tensors[t].name);
        for (size_t i = 0; i < p->size; i++) {
            uint32_t at_noise = (uint32_t)((size_t)b->step * p->size + i);
            grad[p->offset + i] = 2 * w->data[p->offset + i] + golden_unit(golden_key(name), at_noise);
        }
    }
    at->calls++;
    at->goal_state[0] += 1;
    if (b->update_statistics) {
        at->calls_with_statistics++;
        w->data[FLOATS] = (float)at->calls_with_statistics;
    }
    if (at->nan_at == at->calls) grad[3] = NAN;
    *result = (batch_result){.loss = (at->loss > 0 ? at->loss : 1) * b->n};
    return STATUS_OK;
}

static void prepare(bowl *b) {
    *b = (bowl){.o = train_options_default(), .r = run_default()};
    size_t offset = 0;
    for (int t = 0; t <= TENSORS; t++) {
        b->params[t] = (net_param){
            .info = {.kind = tensors[t].kind, .rank = 1}, .offset = offset, .size = tensors[t].size};
        for (size_t i = 0; i < tensors[t].size; i++) {
            b->data[offset++] = golden_unit(golden_key(tensors[t].name), (uint32_t)i);
        }
    }
    b->net = (net){.arch = "bowl",
                   .input = {1, 1, 1},
                   .classes = 2,
                   .params = b->params,
                   .n_params = TENSORS + 1,
                   .n_trainable = FLOATS,
                   .n_floats = ALL};
    b->w = (weights){.data = b->data, .n = ALL};
    for (int i = 0; i < BATCH * STEPS; i++) {
        b->ids[i] = i;
    }
    b->d = (dataset){.name = "dots",
                     .n = BATCH * STEPS,
                     .classes = 2,
                     .image = {1, 1, 1},
                     .pixels = b->pixels,
                     .labels = b->labels,
                     .ids = b->ids};
    b->goal =
        (objective){.name = "bowl", .self = b, .accumulate = roll, .state = b->goal_state, .n_state = 2};
    b->o.epochs = EPOCHS;
    b->o.batch = BATCH;
    b->o.weight_decay = 0.05;
    b->o.schedule = schedule_default(SCHEDULE_CONSTANT, 0.05);
}

static void see_step(void *user, const train_step_report *t) {
    bowl *b = user;
    b->rates_seen[t->step] = t->rate;
}

static void see_epoch(void *user, const train_epoch *t) {
    bowl *b = user;
    assert_int_equal(t->epoch, b->epochs_told);
    b->epochs_told++;
}

static status roll_down(bowl *b, err *e) {
    train_watch watch = {.user = b, .each_step = see_step, .each_epoch = see_epoch};
    return train(&b->net, &b->w, &b->d, &b->o, &b->goal, &b->r, &watch, e);
}

static void check_against(const char *name, bowl *b) {
    err e;
    npz z = golden_open("tricks.npz");
    double *golden = golden_array(&z, name, FLOATS);
    assert_ok(roll_down(b, &e), e);
    for (int i = 0; i < FLOATS; i++) {
        if (fabs((double)b->data[i] - golden[i]) > 2e-6)
            fail_msg("%s, value %d: %.9g, PyTorch %.9g", name, i, (double)b->data[i], golden[i]);
    }
    free(golden);
    npz_free(&z);
}

static void test_plain_clip_and_lookahead(void **state) {
    (void)state;
    bowl b;
    prepare(&b);
    check_against("plain", &b);
    prepare(&b);
    b.o.clip_norm = 2.5;
    check_against("clip", &b);
    prepare(&b);
    b.o.clip_norm = 1e6; /* never reached: as without */
    check_against("plain", &b);
    prepare(&b);
    b.o.lookahead_every = 5;
    b.o.lookahead_share = 0.4;
    check_against("lookahead", &b);
}

static void test_sam_and_what_its_second_pass_leaves_alone(void **state) {
    (void)state;
    bowl b;
    prepare(&b);
    b.o.sam_rho = 0.3;
    check_against("sam", &b);
    assert_int_equal(b.calls, 2 * EPOCHS * STEPS);
    assert_int_equal(b.calls_with_statistics, EPOCHS * STEPS);
    assert_near(b.goal_state[0], EPOCHS * STEPS,
                0); /* the objective's state too follows the first pass alone */
    assert_near(b.data[FLOATS], EPOCHS * STEPS, 0);
}

static void test_averages(void **state) {
    (void)state;
    bowl b;
    prepare(&b);
    b.o.ema_decay = 0.8;
    check_against("ema", &b);
    assert_near(b.data[FLOATS], EPOCHS * STEPS, 0); /* buffers are copied, not averaged */
    prepare(&b);
    b.o.swa_from = 0.5;
    check_against("swa", &b);
}

static void test_frozen_parameters_keep_every_bit(void **state) {
    (void)state;
    const float rates[TENSORS + 1] = {0, 1, 1, 1};
    for (int kind = 0; kind < OPTIM_KINDS; kind++) {
        for (int trick = 0; trick < 5; trick++) {
            bowl b;
            err e;
            prepare(&b);
            b.data[0] = -0.0f;
            float before[12];
            memcpy(before, b.data, sizeof before);
            b.o.rates = rates;
            b.o.optim = (optim_kind)kind;
            b.o.clip_norm = 1;
            if (trick == 1) b.o.sam_rho = 0.3;
            if (trick == 2) b.o.lookahead_every = 2;
            if (trick == 3) b.o.ema_decay = 0.9;
            if (trick == 4) b.o.swa_from = 0.1;
            assert_ok(roll_down(&b, &e), e);
            assert_memory_equal(before, b.data, sizeof before);
            assert_true(b.data[12] != golden_unit(golden_key("bias"), 0));
        }
    }
}

/* The norm that clips is that of the parameters that move. */
static void test_frozen_parameters_do_not_count_in_the_norm(void **state) {
    (void)state;
    const float rates[TENSORS + 1] = {0, 1, 1, 1};
    bowl b, alone;
    err e;
    prepare(&b);
    b.o.rates = rates;
    b.o.clip_norm = 1;
    prepare(&alone);
    alone.o.rates = rates;
    alone.o.clip_norm = 1;
    memset(alone.data, 0, 12 * sizeof(float)); /* other gradients of what is frozen */
    assert_ok(roll_down(&b, &e), e);
    assert_ok(roll_down(&alone, &e), e);
    assert_memory_equal(b.data + 12, alone.data + 12, 9 * sizeof(float));
}

static void test_all_tricks_with_any_threads(void **state) {
    (void)state;
    bowl one, many;
    err e;
    for (int threads = 2; threads <= 8; threads *= 4) {
        for (int i = 0; i < 2; i++) {
            bowl *b = i ? &many : &one;
            prepare(b);
            b->o.clip_norm = 2;
            b->o.sam_rho = 0.1;
            b->o.lookahead_every = 3;
            b->o.ema_decay = 0.9;
            b->r.threads = i ? threads : 1;
            assert_ok(roll_down(b, &e), e);
        }
        assert_memory_equal(one.data, many.data, sizeof one.data);
    }
}

static void test_plateau_follows_the_training_loss(void **state) {
    (void)state;
    bowl b;
    err e;
    prepare(&b);
    b.loss = 2;
    b.o.schedule = schedule_default(SCHEDULE_PLATEAU, 0.08);
    b.o.schedule.patience = 1;
    b.o.schedule.gamma = 0.5;
    assert_ok(roll_down(&b, &e), e); /* best after epoch 1, waits 1 after 2, falls after 3 */
    for (int step = 0; step < EPOCHS * STEPS; step++) {
        assert_near(b.rates_seen[step], step < 3 * STEPS ? 0.08 : 0.04, 1e-15);
    }
}

static void test_gradients_that_are_not_finite_stop_before_the_step(void **state) {
    (void)state;
    for (int sam = 0; sam < 2; sam++) {
        bowl b;
        err e;
        prepare(&b);
        b.nan_at = 1;
        if (sam)
            b.o.sam_rho = 0.1;
        else
            b.o.clip_norm = 1;
        float before[ALL];
        memcpy(before, b.data, sizeof before);
        assert_int_equal(roll_down(&b, &e), STATUS_NOT_EVALUABLE);
        assert_non_null(strstr(e.message, "gradient"));
        assert_memory_equal(before, b.data, FLOATS * sizeof(float));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_clip_and_lookahead),
        cmocka_unit_test(test_sam_and_what_its_second_pass_leaves_alone),
        cmocka_unit_test(test_averages),
        cmocka_unit_test(test_frozen_parameters_keep_every_bit),
        cmocka_unit_test(test_frozen_parameters_do_not_count_in_the_norm),
        cmocka_unit_test(test_all_tricks_with_any_threads),
        cmocka_unit_test(test_plateau_follows_the_training_loss),
        cmocka_unit_test(test_gradients_that_are_not_finite_stop_before_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
