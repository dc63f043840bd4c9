/* The training loop with an objective that only watches: order, batches, augmentation, targets, ends. What
 * nets learn with it is in test_learning.c. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/train.h"

enum { ROWS = 20, HEIGHT = 2, WIDTH = 3, PIXELS = HEIGHT * WIDTH, CLASSES = 3, FLOATS = 4, MOST_SEEN = 200 };

typedef struct watched {
    int32_t id, label;
    int epoch, step;
    float x[PIXELS], targets[CLASSES];
} watched;

typedef struct watcher {
    watched seen[MOST_SEEN];
    int n_seen, n_steps, sizes[MOST_SEEN];
    int cancel_at, nan_at; /* step, or -1 */
    float gradient;
    volatile sig_atomic_t cancelled;
} watcher;

static status watch(void *self, const batch *b, weights *w, float *grad, batch_result *result, err *e) {
    (void)w;
    (void)e;
    watcher *at = self;
    assert_true(at->n_seen + b->n <= MOST_SEEN);
    assert_int_equal(b->step, at->n_steps);
    for (int i = 0; i < b->n; i++) {
        watched *s = &at->seen[at->n_seen++];
        *s = (watched){.id = b->ids[i], .label = b->labels[i], .epoch = b->epoch, .step = b->step};
        memcpy(s->x, b->x + i * PIXELS, sizeof s->x);
        memcpy(s->targets, b->targets + i * CLASSES, sizeof s->targets);
        assert_near(b->loss_weights[i], 1, 0);
    }
    for (int i = 0; i < FLOATS; i++) {
        grad[i] = at->gradient;
    }
    if (b->step == at->cancel_at) at->cancelled = 1;
    *result = (batch_result){.loss = b->step == at->nan_at ? (double)NAN : 2.0 * b->n, .correct = b->n / 2};
    at->sizes[at->n_steps++] = b->n;
    return STATUS_OK;
}

typedef struct bench {
    net net;
    net_param param;
    float data[FLOATS];
    weights w;
    uint8_t pixels[ROWS * PIXELS];
    int32_t labels[ROWS], ids[ROWS];
    dataset d;
    watcher watcher;
    objective goal;
    train_options o;
    run r;
    int epochs_told;
    train_epoch last;
} bench;

/* Points into itself: prepared in place. */
static void prepare(bench *b) {
    *b =
        (bench){.watcher = {.cancel_at = -1, .nan_at = -1}, .o = train_options_default(), .r = run_default()};
    b->param = (net_param){.info.kind = PARAM_WEIGHT, .size = FLOATS};
    b->net = (net){.arch = "toy",
                   .input = {HEIGHT, WIDTH, 1},
                   .classes = CLASSES,
                   .params = &b->param,
                   .n_params = 1,
                   .n_trainable = FLOATS,
                   .n_floats = FLOATS};
    b->w = (weights){.data = b->data, .n = FLOATS};
    for (int i = 0; i < ROWS; i++) {
        b->labels[i] = i % CLASSES;
        b->ids[i] = 1000 + 7 * i;
        for (int p = 0; p < PIXELS; p++) {
            b->pixels[i * PIXELS + p] = (uint8_t)(10 * i + p);
        }
    }
    b->d = (dataset){.name = "toys",
                     .n = ROWS,
                     .classes = CLASSES,
                     .image = {HEIGHT, WIDTH, 1},
                     .pixels = b->pixels,
                     .labels = b->labels,
                     .ids = b->ids};
    b->goal = (objective){.name = "watch", .self = &b->watcher, .accumulate = watch};
    b->o.epochs = 2;
    b->o.batch = 8;
    b->o.drop_last = false;
    b->r.seed = 5;
    b->r.threads = 2;
    b->r.cancel = &b->watcher.cancelled;
}

static void tell_epoch(void *user, const train_epoch *t) {
    bench *b = user;
    assert_int_equal(t->epoch, b->epochs_told);
    b->epochs_told++;
    b->last = *t;
}

static status run_training(bench *b, err *e) {
    train_watch watch = {.user = b, .each_epoch = tell_epoch};
    return train(&b->net, &b->w, &b->d, &b->o, &b->goal, &b->r, &watch, e);
}

static void assert_each_row_once(const watched *seen, int n) {
    bool found[ROWS] = {false};
    for (int i = 0; i < n; i++) {
        int row = (seen[i].id - 1000) / 7;
        assert_in_range(row, 0, ROWS - 1);
        assert_false(found[row]);
        found[row] = true;
    }
}

static void test_every_epoch_is_another_order_of_all_rows(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    assert_ok(run_training(b, &e), e);
    const watched *first = b->watcher.seen, *second = first + ROWS;
    assert_int_equal(b->watcher.n_seen, 2 * ROWS);
    assert_int_equal(b->watcher.n_steps, 6);
    assert_int_equal(b->watcher.sizes[2], ROWS - 16);
    assert_each_row_once(first, ROWS);
    assert_each_row_once(second, ROWS);
    int moved = 0, unsorted = 0;
    for (int i = 0; i < ROWS; i++) {
        int row = (first[i].id - 1000) / 7;
        moved += first[i].id != second[i].id;
        unsorted += row != i;
        assert_int_equal(first[i].epoch, 0);
        assert_int_equal(second[i].epoch, 1);
        assert_int_equal(first[i].label, row % CLASSES);
        for (int p = 0; p < PIXELS; p++) {
            assert_near(first[i].x[p], (float)(10 * row + p) / 255.0f, 0);
        }
    }
    assert_true(moved > ROWS / 2);
    assert_true(unsorted > ROWS / 2);
    assert_int_equal(b->epochs_told, 2);
    assert_near(b->last.loss, 2, 1e-12);
    assert_near(b->last.accuracy, 0.5, 1e-12);
    free(b);
}

/* The same samples whatever the batch size and the number of threads, augmentation included. */
static void test_samples_depend_on_neither_batch_nor_threads(void **state) {
    (void)state;
    err e;
    augmentation noise = {.n = 2, .steps = {{AUGMENT_flip, 0.5f}, {AUGMENT_noise, 0.1f}}};
    bench *b = malloc(sizeof *b), *other = malloc(sizeof *other);
    assert_non_null(b);
    assert_non_null(other);
    prepare(b);
    b->o.augment = &noise;
    assert_ok(run_training(b, &e), e);
    prepare(other);
    other->o.augment = &noise;
    other->o.batch = 3;
    other->r.threads = 5;
    assert_ok(run_training(other, &e), e);
    assert_int_equal(b->watcher.n_seen, other->watcher.n_seen);
    int same_as_last_epoch = 0;
    for (int i = 0; i < b->watcher.n_seen; i++) {
        const watched *x = &b->watcher.seen[i], *y = &other->watcher.seen[i];
        assert_int_equal(x->id, y->id);
        assert_memory_equal(x->x, y->x, sizeof x->x);
        for (int k = 0; k < i && i >= ROWS; k++) {
            same_as_last_epoch += memcmp(x->x, b->watcher.seen[k].x, sizeof x->x) == 0;
        }
    }
    assert_int_equal(same_as_last_epoch, 0);
    free(b);
    free(other);
}

static void test_drop_last_leaves_out_the_rest(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    b->o.drop_last = true;
    assert_ok(run_training(b, &e), e);
    assert_int_equal(b->watcher.n_steps, 4);
    assert_int_equal(b->watcher.n_seen, 32);
    assert_each_row_once(b->watcher.seen, 16);

    prepare(b); /* fewer rows than one batch: all are used */
    b->o.drop_last = true;
    b->o.batch = 64;
    assert_ok(run_training(b, &e), e);
    assert_int_equal(b->watcher.n_steps, 2);
    assert_int_equal(b->watcher.sizes[0], ROWS);
    free(b);
}

static void test_label_smoothing_spreads_over_all_classes(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    b->o.label_smoothing = 0.3;
    assert_ok(run_training(b, &e), e);
    for (int i = 0; i < b->watcher.n_seen; i++) {
        for (int k = 0; k < CLASSES; k++) {
            assert_near(b->watcher.seen[i].targets[k], k == b->watcher.seen[i].label ? 0.8 : 0.1, 1e-7);
        }
    }
    free(b);
}

/* Targets follow the label that the augmentation changed. */
static void test_flip_target_moves_the_target(void **state) {
    (void)state;
    err e;
    int32_t mirrored[CLASSES] = {1, 0, 2};
    augmentation always = {
        .n = 1, .steps = {{AUGMENT_flip_target, 1}}, .mirrored = mirrored, .classes = CLASSES};
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    b->o.augment = &always;
    assert_ok(run_training(b, &e), e);
    for (int i = 0; i < b->watcher.n_seen; i++) {
        const watched *s = &b->watcher.seen[i];
        int row = (s->id - 1000) / 7, expected = mirrored[row % CLASSES];
        assert_int_equal(s->label, expected);
        assert_near(s->targets[expected], 1, 0);
        assert_near(s->x[0], (float)(10 * row + WIDTH - 1) / 255.0f, 0);
    }
    free(b);
}

static void test_cancelling_keeps_the_last_whole_step(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    b->watcher.cancel_at = 3;
    b->watcher.gradient = 1;
    b->o.weight_decay = 0;
    b->o.schedule = schedule_default(SCHEDULE_CONSTANT, 0.1);
    b->o.optim = OPTIM_SGD;
    b->o.momentum = 0;
    assert_int_equal(run_training(b, &e), STATUS_CANCELLED);
    assert_int_equal(b->watcher.n_steps, 4);
    assert_int_equal(b->w.version, 4);
    assert_int_equal(b->epochs_told, 1);
    for (int i = 0; i < FLOATS; i++) {
        assert_near(b->data[i], -0.4, 1e-6);
    }
    free(b);
}

static void test_divergence_stops_and_says_where(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    prepare(b);
    b->watcher.nan_at = 4;
    assert_int_equal(run_training(b, &e), STATUS_NOT_EVALUABLE);
    assert_int_equal(b->w.version, 4); /* the step with the NaN did not reach the weights */
    assert_non_null(strstr(e.message, "epoch 2, step 2"));
    assert_non_null(strstr(e.message, "--lr"));

    prepare(b); /* a finite loss, but weights that are not */
    b->watcher.gradient = INFINITY;
    assert_int_equal(run_training(b, &e), STATUS_NOT_EVALUABLE);
    assert_non_null(strstr(e.message, "weights"));
    assert_int_equal(b->epochs_told, 0);
    free(b);
}

static void test_what_does_not_fit_is_refused(void **state) {
    (void)state;
    err e;
    bench *b = malloc(sizeof *b);
    assert_non_null(b);
    for (int i = 0; i < 10; i++) {
        prepare(b);
        switch (i) {
        case 0:
            b->o.epochs = 0;
            break;
        case 1:
            b->o.batch = 0;
            break;
        case 2:
            b->o.momentum = 1;
            break;
        case 3:
            b->o.weight_decay = -1;
            break;
        case 4:
            b->o.label_smoothing = NAN;
            break;
        case 5:
            b->o.schedule.lr = -0.1;
            break;
        case 6:
            b->net.input.c = 3;
            break;
        case 7:
            b->net.classes = 4;
            break;
        case 8:
            b->d.n = 0;
            break;
        case 9:
            b->o.batch = 1 << 20;
            break;
        }
        if (run_training(b, &e) != STATUS_USAGE) fail_msg("case %d was accepted", i);
        assert_int_equal(b->watcher.n_steps, 0);
    }
    free(b);
}

static void test_moments_of_bytes_and_floats(void **state) {
    (void)state;
    const uint8_t pixels[] = {0, 255, 7, 255, 255, 7, 0, 255, 7, 255, 255, 7};
    float values[12], mean[4], std[4];
    for (int i = 0; i < 12; i++) {
        values[i] = (float)pixels[i] / 255.0f;
    }
    dataset bytes = {.n = 2, .image = {1, 2, 3}, .pixels = pixels};
    dataset floats = {.n = 2, .image = {1, 2, 3}, .values = values};
    const float expected_mean[4] = {0.5f, 1, 7 / 255.0f, 0}, expected_std[4] = {0.5f, 1, 1, 1};
    for (int kind = 0; kind < 2; kind++) {
        dataset_channel_moments(kind ? &floats : &bytes, mean, std);
        for (int c = 0; c < 4; c++) {
            assert_near(mean[c], expected_mean[c], 1e-7);
            assert_near(std[c], expected_std[c], 1e-7);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_epoch_is_another_order_of_all_rows),
        cmocka_unit_test(test_samples_depend_on_neither_batch_nor_threads),
        cmocka_unit_test(test_drop_last_leaves_out_the_rest),
        cmocka_unit_test(test_label_smoothing_spreads_over_all_classes),
        cmocka_unit_test(test_flip_target_moves_the_target),
        cmocka_unit_test(test_cancelling_keeps_the_last_whole_step),
        cmocka_unit_test(test_divergence_stops_and_says_where),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_moments_of_bytes_and_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
