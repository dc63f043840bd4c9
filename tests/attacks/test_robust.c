/* Robust training: the images that objectives train on, the guard, and what it is good for. */
#include "attacks/robust.h"

#include <math.h>
#include <string.h>

#include "attacks/runner.h"
#include "attacks/threat.h"
#include "attacks/train/robust_internal.h"
#include "datasets/open.h"
#include "nets/zoo.h"
#include "tests/support/golden.h"
#include "tests/support/robust_bench.h"
#include "tests/support/test.h"

/* --- images --------------------------------------------------------------------------------------------------------- */

static double mean_loss(bench *t, const float *x) {
    err e;
    objective plain;
    batch_result result;
    batch b = t->b;
    float *grad = calloc(t->net->n_trainable, sizeof *grad);
    b.x = x;
    assert_ok(objective_plain(t->net, &t->w, ROWS, &t->r, &plain, &e), e);
    assert_ok(plain.accumulate(plain.self, &b, &t->w, grad, &result, &e), e);
    free(grad);
    plain.free(plain.self);
    return result.loss;
}

/* Every kind of start, with no step and with some: inside, and steps raise the loss. */
static void attacks_stay_in_ball_and_box(void **state) {
    (void)state;
    bench *t = bench_begin(3);
    err e;
    perturber p;
    float out[ROWS * D], lb[D], ub[D];
    assert_ok(perturber_new(t->net, &t->r, &p, &e), e);
    const perturbation ways[] = {
        {.start = START_UNIFORM, .eps = 0.2, .stream = "a"},
        {.start = START_NEAR, .eps = 0.0005, .stream = "b"},
        {.start = START_OPEN, .eps = 0.2, .steps = 1, .step_size = 1.25, .stream = "c"},
        {.start = START_UNIFORM, .eps = 0.2, .steps = 5, .step_size = 0.5, .stream = "d"},
        {.start = START_NEAR, .eps = 0.2, .steps = 5, .step_size = 0.5, .divergence = true, .stream = "e"}};
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        assert_ok(perturb_batch(&p, &t->w, &t->b, &ways[k], out, &e), e);
        for (int i = 0; i < ROWS; i++) {
            ball_box(NORM_LINF, ways[k].eps, t->x + i * D, D, lb, ub);
            if (!ball_contains(NORM_LINF, ways[k].eps, t->x + i * D, lb, ub, out + i * D, D))
                fail_msg("way %zu, row %d is outside", k, i);
        }
        if (ways[k].steps && !(mean_loss(t, out) > 1.02 * mean_loss(t, t->x)))
            fail_msg("way %zu: loss %.4f after the attack, %.4f before", k, mean_loss(t, out),
                     mean_loss(t, t->x));
    }
    perturber_free(&p);
    bench_end(t);
}

/* Unclipped: mean 0 and the deviation asked for, on black and white pixels too. */
static void noise_is_not_clipped(void **state) {
    (void)state;
    bench *t = bench_begin(1);
    err e;
    perturber p;
    float out[ROWS * D];
    double sum = 0, squares = 0;
    int outside = 0;
    perturbation noise = {.start = START_NOISE, .sigma = 0.25, .stream = "n"};
    assert_ok(perturber_new(t->net, &t->r, &p, &e), e);
    assert_ok(perturb_batch(&p, &t->w, &t->b, &noise, out, &e), e);
    for (int i = 0; i < ROWS * D; i++) {
        double delta = (double)out[i] - (double)t->x[i];
        sum += delta;
        squares += delta * delta;
        outside += out[i] < 0 || out[i] > 1;
    }
    assert_float_equal(sum / (ROWS * D), 0, 5 * 0.25 / sqrt(ROWS * D));
    assert_float_equal(sqrt(squares / (ROWS * D)), 0.25, 0.04);
    assert_true(outside > ROWS * D / 10);
    perturber_free(&p);
    bench_end(t);
}

static void eps_rises_and_stays(void **state) {
    (void)state;
    robust_options o = {.eps = 0.3, .warmup = 0.5};
    batch b = {.steps = 100};
    for (int step = 0; step < 100; step++) {
        b.step = step;
        assert_float_equal(robust_eps(&o, &b), step < 50 ? 0.3 * (step + 1) / 50 : 0.3, 1e-12);
    }
    b.steps = b.step = 0; /* unknown */
    assert_float_equal(robust_eps(&o, &b), 0.3, 0);
}

/* --- training ------------------------------------------------------------------------------------------------------- */

typedef struct trained {
    net *net;
    weights w;
} trained;

static trained fit(const char *name, const dataset *d, int threads, int epochs, double eps) {
    err e;
    trained t;
    objective goal;
    zoo_options zoo = zoo_options_default();
    train_options o = train_options_default();
    run r = run_default();
    r.threads = threads;
    o.epochs = epochs;
    o.batch = 50;
    o.optim = OPTIM_ADAMW;
    o.schedule = schedule_default(SCHEDULE_ONE_CYCLE, 0.005);
    if (name && !strcmp(name, "ibp")) zoo.norm = ZOO_NORM_NONE;
    assert_ok(zoo_build_with("small", d->image, d->classes, &zoo, &t.net, &e), e);
    assert_ok(weights_new(t.net, &t.w, &e), e);
    weights_init(t.net, &t.w, 1);
    const robust_method *m = name ? robust_find(name) : NULL;
    if (m) {
        robust_options ro = robust_fill(m, bench_asked(m->defaults.eps > 0 ? eps : 0), d->image);
        assert_ok(objective_robust(m, &ro, t.net, &t.w, o.batch, &r, &goal, &e), e);
    } else {
        assert_ok(objective_plain(t.net, &t.w, o.batch, &r, &goal, &e), e);
    }
    assert_ok(train(t.net, &t.w, d, &o, &goal, &r, NULL, &e), e);
    goal.free(goal.self);
    return t;
}

static void trained_free(trained *t) {
    weights_free(&t->w);
    net_free(t->net);
}

static dataset shapes(const char *split, int n) {
    err e;
    dataset d;
    open_options o = {.split = split, .n = n};
    assert_ok(dataset_open("synth:shapes", &o, &d, &e), e);
    return d;
}

static void threads_do_not_matter(void **state) {
    (void)state;
    dataset d = shapes("train", 120);
    for (int i = 0; robust_at(i); i++) {
        trained one = fit(robust_at(i)->name, &d, 1, 2, 0.05),
                three = fit(robust_at(i)->name, &d, 3, 2, 0.05);
        if (memcmp(one.w.data, three.w.data, one.w.n * sizeof *one.w.data) != 0)
            fail_msg("%s: other weights on three threads", robust_at(i)->name);
        trained_free(&one);
        trained_free(&three);
    }
    dataset_free(&d);
}

static int64_t survivors(const trained *t, const dataset *d, double eps) {
    err e;
    model *m;
    attack_result a;
    run r = run_default();
    r.threads = 2;
    attack_plan plan = {
        .method = attack_find("pgd"), .norm = NORM_LINF, .eps = &eps, .n_eps = 1, .options = {.steps = 20}};
    assert_ok(model_of_net(t->net, &t->w, true, &r, &m, &e), e);
    assert_ok(attack_run(m, d, &plan, &r, &a, &e), e);
    int64_t n = attack_survivors(&a, 0);
    attack_result_free(&a);
    model_free(m);
    return n;
}

/* 200 test images: each method of a ball leaves at least a fifth of them more than plain training does. */
static void training_makes_robust(void **state) {
    (void)state;
    static const char *const names[] = {"pgd", "fast"};
    const double eps = 0.08;
    dataset d = shapes("train", 800), test = shapes("test", 200);
    trained plain = fit(NULL, &d, 2, 5, 0);
    int64_t before = survivors(&plain, &test, eps);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        trained t = fit(names[i], &d, 2, 5, eps);
        int64_t after = survivors(&t, &test, eps);
        print_message("%s: %d of 200 survive, after plain training %d\n", names[i], (int)after, (int)before);
        assert_true(after >= before + 40);
        trained_free(&t);
    }
    trained_free(&plain);
    dataset_free(&d);
    dataset_free(&test);
}

/* --- the guard ------------------------------------------------------------------------------------------------------ */

typedef struct heard {
    int lines;
    char last[300];
} heard;

static void hear(void *user, const char *line) {
    heard *h = user;
    h->lines++;
    snprintf(h->last, sizeof h->last, "%s", line);
}

/* After an epoch with a good net comes one with a ruined one: training ends with the first. A small fall is borne. */
static void the_guard_keeps_the_best(void **state) {
    (void)state;
    err e;
    heard h = {0};
    dataset d = shapes("train", 400);
    trained t = fit("fast", &d, 2, 8, 0.01);
    run r = run_default();
    r.log = hear;
    r.user = &h;
    objective goal;
    robust_options o = robust_fill(robust_find("fast"), bench_asked(0.01), d.image);
    weights good;
    bool stop = false;
    assert_ok(weights_copy(&t.w, &good, &e), e);
    assert_ok(objective_robust(robust_find("fast"), &o, t.net, &t.w, 50, &r, &goal, &e), e);
    for (int epoch = 0; epoch < 2; epoch++)
        assert_ok(goal.end_epoch(goal.self, &d, epoch, &t.w, &stop, &e), e);
    assert_true(!stop && h.lines == 0);
    memset(t.w.data, 0, t.net->n_trainable * sizeof *t.w.data);
    t.w.version++;
    assert_ok(goal.end_epoch(goal.self, &d, 2, &t.w, &stop, &e), e);
    assert_true(stop);
    assert_int_equal(h.lines, 1);
    assert_non_null(strstr(h.last, "catastrophic overfitting"));
    assert_non_null(strstr(h.last, "epoch 3"));
    assert_memory_equal(t.w.data, good.data, good.n * sizeof *good.data);
    goal.free(goal.self);
    weights_free(&good);
    trained_free(&t);
    dataset_free(&d);
}

typedef struct stopping {
    objective plain;
    int epochs;
    float mark;
} stopping;

static status stopping_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                                  err *e) {
    stopping *s = self;
    return s->plain.accumulate(s->plain.self, b, w, grad, result, e);
}

static status stop_at_second(void *self, const dataset *d, int epoch, weights *kept, bool *stop, err *e) {
    (void)d, (void)e;
    stopping *s = self;
    s->epochs++;
    *stop = epoch == 1;
    if (*stop) kept->data[0] = s->mark;
    return STATUS_OK;
}

/* train() ends where an objective says so, with what it left, averages or not. */
static void objectives_end_training(void **state) {
    (void)state;
    for (int with_ema = 0; with_ema < 2; with_ema++) {
        err e;
        dataset d = shapes("train", 100);
        trained t = fit(NULL, &d, 1, 1, 0);
        run r = run_default();
        stopping s = {.mark = 1234};
        train_options o = train_options_default();
        o.ema_decay = with_ema ? 0.9 : 0;
        o.batch = 50;
        assert_ok(objective_plain(t.net, &t.w, 50, &r, &s.plain, &e), e);
        objective goal = {
            .name = "stops", .self = &s, .accumulate = stopping_accumulate, .end_epoch = stop_at_second};
        assert_ok(train(t.net, &t.w, &d, &o, &goal, &r, NULL, &e), e);
        assert_int_equal(s.epochs, 2);
        assert_float_equal(t.w.data[0], 1234, 0);
        s.plain.free(s.plain.self);
        trained_free(&t);
        dataset_free(&d);
    }
}

typedef struct counting {
    int steps, batches;
    int32_t last; /* first id of the batch before */
} counting;

static status count_batches(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                            err *e) {
    (void)w, (void)e;
    counting *c = self;
    c->batches += c->steps == 0 || b->ids[0] != c->last;
    c->last = b->ids[0];
    assert_int_equal(b->steps, 2 * 2 * 3); /* epochs, batches, replays */
    assert_int_equal(b->step, c->steps++);
    memset(grad, 0, 8);
    *result = (batch_result){.loss = b->n};
    return STATUS_OK;
}

static void replays_take_a_batch_again(void **state) {
    (void)state;
    err e;
    dataset d = shapes("train", 100);
    trained t = fit(NULL, &d, 1, 1, 0);
    run r = run_default();
    counting c = {0};
    train_options o = train_options_default();
    o.batch = 50;
    o.epochs = 2;
    o.optim = OPTIM_SGD;
    objective goal = {.name = "counts", .self = &c, .accumulate = count_batches, .replays = 3};
    assert_ok(train(t.net, &t.w, &d, &o, &goal, &r, NULL, &e), e);
    assert_int_equal(c.steps, 12);
    assert_int_equal(c.batches, 4);
    trained_free(&t);
    dataset_free(&d);
}

/* --- options -------------------------------------------------------------------------------------------------------- */

static void options_are_checked(void **state) {
    (void)state;
    const struct {
        const char *method, *says;
        robust_options o;
    } bad[] = {{"pgd", "--robust-eps", {.eps = 1.5, .warmup = -1}},
               {"pgd", "--robust-eps", {.eps = (double)NAN, .warmup = -1}},
               {"pgd", "--robust-eps", {.eps = -0.1, .warmup = -1}},
               {"pgd", "--robust-steps", {.steps = 1001, .warmup = -1}},
               {"pgd", "--robust-beta: --robust pgd has no such thing", {.beta = 6, .warmup = -1}},
               {"pgd", "--robust-sigma", {.sigma = 1, .warmup = -1}},
               {"fast", "--robust-replays", {.replays = 2, .warmup = -1}},
               {"free", "--robust-steps", {.steps = 2, .warmup = -1}},
               {"free", "--robust-replays", {.replays = 101, .warmup = -1}},
               {"trades", "--robust-warmup", {.warmup = 1.5}},
               {"noise", "--robust-eps", {.eps = 0.1, .warmup = -1}},
               {"noise", "--robust-warmup", {.warmup = 0.5}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err e;
        assert_int_equal(robust_check(robust_find(bad[i].method), &bad[i].o, &e), STATUS_USAGE);
        if (!strstr(e.message, bad[i].says)) fail_msg("row %zu: %s", i, e.message);
    }
}

static void eps_follows_the_images(void **state) {
    (void)state;
    const robust_method *m = robust_find("pgd");
    assert_float_equal(robust_fill(m, bench_asked(0), (shape){28, 28, 1}).eps, 0.1, 0);
    assert_float_equal(robust_fill(m, bench_asked(0), (shape){32, 32, 3}).eps, 8.0 / 255, 0);
    assert_float_equal(robust_fill(m, bench_asked(0.3), (shape){28, 28, 1}).eps, 0.3, 0);
    assert_null(robust_find("none"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_stay_in_ball_and_box), cmocka_unit_test(noise_is_not_clipped),
        cmocka_unit_test(eps_rises_and_stays),          cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(training_makes_robust),        cmocka_unit_test(the_guard_keeps_the_best),
        cmocka_unit_test(objectives_end_training),      cmocka_unit_test(replays_take_a_batch_again),
        cmocka_unit_test(options_are_checked),          cmocka_unit_test(eps_follows_the_images)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
