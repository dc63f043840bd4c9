/* What zoo nets learn from generated pictures, and that threads change no bit of it. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/open.h"
#include "nets/loss.h"
#include "nets/train.h"
#include "nets/zoo.h"

enum { MOST_CLASSES = 16 };

static dataset open_synth_set(const char *name, const char *split, int n) {
    err e;
    dataset d;
    open_options o = {.split = split, .n = n, .seed = 1};
    assert_ok(dataset_open(name, &o, &d, &e), e);
    assert_in_range(d.classes, 2, MOST_CLASSES);
    return d;
}

/* A net for d with d's standardisation, and fresh weights. */
static void make_net(const char *arch, const dataset *d, net **n, weights *w) {
    err e;
    float mean[4], std[4];
    dataset_channel_moments(d, mean, std);
    assert_ok(zoo_build(arch, d->image, d->classes, mean, std, n, &e), e);
    assert_ok(weights_new(*n, w, &e), e);
    weights_init(*n, w, 3);
}

static status fit(const net *n, weights *w, const dataset *d, const train_options *o, int threads, err *e) {
    run r = run_default();
    r.threads = threads;
    r.seed = 7;
    objective goal;
    status s = objective_plain(n, w, o->batch, &r, &goal, e);
    if (s != STATUS_OK) return s;
    s = train(n, w, d, o, &goal, &r, NULL, e);
    goal.free(goal.self);
    return s;
}

/* Share of d's rows with this label (-1: all) that the net gets right. */
static double accuracy_of(const net *n, const weights *w, const dataset *d, int label) {
    err e;
    run r = run_default();
    session *s;
    assert_ok(session_new(n, w, SESSION_INFER, 0, &r, &s, &e), e);
    float *x = malloc(shape_size(d->image) * sizeof *x), logits[MOST_CLASSES];
    assert_non_null(x);
    int rows = 0, correct = 0;
    for (int row = 0; row < d->n; row++) {
        if (label >= 0 && d->labels[row] != label) continue;
        dataset_image(d, row, x);
        assert_ok(session_infer(s, 0, 1, x, logits, &e), e);
        correct += logits_correct(logits, d->classes, d->labels[row]);
        rows++;
    }
    session_free(s);
    free(x);
    assert_true(rows > 0);
    return (double)correct / rows;
}

static void test_small_net_learns_shapes(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    dataset data = open_synth_set("synth:shapes", "train", 4000),
            test = open_synth_set("synth:shapes", "test", 1000);
    train_options o = train_options_default();
    o.epochs = 6;
    o.batch = 64;
    make_net("small", &data, &n, &w);
    assert_ok(fit(n, &w, &data, &o, 2, &e), e);
    double accuracy = accuracy_of(n, &w, &test, -1);
    print_message("synth:shapes, small: %.1f %%\n", 100 * accuracy);
    assert_true(accuracy > 0.95);
    weights_free(&w);
    net_free(n);
    dataset_free(&data);
    dataset_free(&test);
}

/* Batch norm, dropout, augmentation, and a last batch that is smaller. */
static void test_threads_do_not_change_a_bit(void **state) {
    (void)state;
    err e;
    static const char *const archs[] = {"small", "vgg-small", "resnet8"};
    dataset data = open_synth_set("synth:shapes", "train", 100);
    augmentation augment;
    assert_ok(augment_parse("flip,shift=2,noise=0.1", data.classes, data.class_names, &augment, &e), e);
    train_options o = train_options_default();
    o.epochs = 2;
    o.batch = 32;
    o.drop_last = false;
    o.augment = &augment;
    for (int a = 0; a < 3; a++) {
        net *n;
        weights one, many;
        make_net(archs[a], &data, &n, &one);
        assert_ok(weights_copy(&one, &many, &e), e);
        float *start = malloc(one.n * sizeof *start);
        assert_non_null(start);
        memcpy(start, one.data, one.n * sizeof *start);
        assert_ok(fit(n, &one, &data, &o, 1, &e), e);
        assert_memory_not_equal(one.data, start, one.n * sizeof *start);
        for (int threads = 2; threads <= 8; threads *= 4) {
            memcpy(many.data, start, many.n * sizeof *start);
            many.version++;
            assert_ok(fit(n, &many, &data, &o, threads, &e), e);
            if (memcmp(one.data, many.data, one.n * sizeof *start) != 0) {
                fail_msg("%s: weights after training on %d threads differ from those on one", archs[a],
                         threads);
            }
        }
        free(start);
        weights_free(&one);
        weights_free(&many);
        net_free(n);
    }
    augment_free(&augment);
    dataset_free(&data);
}

/* Accuracy on one class of arrows that training has never shown. */
static double accuracy_on_unseen_right(const char *augment_text) {
    enum { RIGHT = 1 };
    err e;
    net *n;
    weights w;
    dataset all = open_synth_set("synth:arrows", "train", 2400), seen,
            test = open_synth_set("synth:arrows", "test", 400);
    assert_string_equal(all.class_names[RIGHT], "right");
    int32_t *rows = malloc((size_t)all.n * sizeof *rows);
    int count = 0;
    assert_non_null(rows);
    for (int i = 0; i < all.n; i++) {
        if (all.labels[i] != RIGHT) rows[count++] = i;
    }
    assert_ok(dataset_select(&all, rows, count, &seen, &e), e);
    augmentation augment;
    assert_ok(augment_parse(augment_text, seen.classes, seen.class_names, &augment, &e), e);
    train_options o = train_options_default();
    o.epochs = 4;
    o.batch = 64;
    o.augment = &augment;
    make_net("small", &seen, &n, &w);
    assert_ok(fit(n, &w, &seen, &o, 2, &e), e);
    double accuracy = accuracy_of(n, &w, &test, RIGHT);
    print_message("arrows to the right, never shown, with %s: %.1f %%\n", augment_text, 100 * accuracy);
    augment_free(&augment);
    weights_free(&w);
    net_free(n);
    free(rows);
    dataset_free(&all);
    dataset_free(&seen);
    dataset_free(&test);
    return accuracy;
}

static void test_flip_target_teaches_a_class_that_is_never_shown(void **state) {
    (void)state;
    assert_true(accuracy_on_unseen_right("flip-target=0.5") > 0.9);
    assert_true(accuracy_on_unseen_right("flip=0.5") < 0.1);
}

static void test_a_rate_far_too_large_is_told(void **state) {
    (void)state;
    err e;
    net *n;
    weights w;
    dataset data = open_synth_set("synth:shapes", "train", 256);
    train_options o = train_options_default();
    o.schedule = schedule_default(SCHEDULE_CONSTANT, 1e6);
    make_net("lenet5", &data, &n, &w);
    assert_int_equal(fit(n, &w, &data, &o, 2, &e), STATUS_NOT_EVALUABLE);
    assert_non_null(strstr(e.message, "diverged"));
    weights_free(&w);
    net_free(n);
    dataset_free(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_net_learns_shapes),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_flip_target_teaches_a_class_that_is_never_shown),
        cmocka_unit_test(test_a_rate_far_too_large_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
