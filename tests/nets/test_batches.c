/* What a batch is made of: mixtures, balanced draws, class weights and groups. The plain parts are in test_train.c. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/batches_internal.h"

enum { ROWS = 60, HEIGHT = 8, WIDTH = 6, PIXELS = HEIGHT * WIDTH, CLASSES = 4, EPOCHS = 40 };

/* Image of row i: i / 255 everywhere. Class 0 has 48 rows, 1 has 9, 2 has 3, 3 has none. */
typedef struct bench {
    uint8_t pixels[ROWS * PIXELS];
    int32_t labels[ROWS], ids[ROWS];
    dataset d;
    train_options o;
    run r;
    batches made;
} bench;

static void prepare(bench *t) {
    *t = (bench){.o = train_options_default(), .r = run_default()};
    for (int i = 0; i < ROWS; i++) {
        t->labels[i] = i < 48 ? 0 : i < 57 ? 1 : 2;
        t->ids[i] = i;
        memset(t->pixels + (size_t)i * PIXELS, i, PIXELS);
    }
    t->d = (dataset){.name = "toys",
                     .n = ROWS,
                     .classes = CLASSES,
                     .image = {HEIGHT, WIDTH, 1},
                     .pixels = t->pixels,
                     .labels = t->labels,
                     .ids = t->ids};
    t->d.columns.n_rows = ROWS;
    t->o.batch = 16;
    t->r.seed = 3;
    t->r.threads = 2;
}

static void begin(bench *t) {
    err e;
    assert_ok(batches_check(&t->o, &e), e);
    assert_ok(batches_new(&t->d, &t->o, &t->r, &t->made, &e), e);
}

static batch fill(bench *t, int index, int step) {
    err e;
    batch b;
    assert_ok(batches_fill(&t->made, index, step, &b, &e), e);
    return b;
}

static float value_of(int row) {
    return (float)row / 255.0F;
}

/* Pixels and weighted targets are the same average of two images, each target with the weight of its own class; the larger share names the
 * label; every image is a second one once. */
static void test_mixup_averages_everything(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    t->o.mixup_alpha = 0.4;
    t->o.class_weights = CLASS_WEIGHTS_BALANCED;
    begin(t);
    const float by_class[] = {ROWS / (3 * 48.0F), ROWS / (3 * 9.0F), ROWS / (3 * 3.0F)};
    double shares = 0;
    int moved = 0;
    for (int step = 0; step < EPOCHS * 3; step++) {
        if (step % 3 == 0) batches_shuffle(&t->made, step / 3);
        batch b = fill(t, step % 3, step);
        int seconds[16] = {0};
        mixture m = batches_draw_mixture(&t->made, b.n, step);
        assert_false(m.boxed);
        shares += m.share;
        for (int i = 0; i < b.n; i++) {
            int other = t->made.partners[i], rows[] = {b.ids[i], b.ids[other]};
            float share = (float)m.share, rest = 1 - share;
            int a = t->labels[rows[0]], c = t->labels[rows[1]];
            seconds[other]++;
            moved += other != i;
            for (int p = 0; p < PIXELS; p++)
                assert_near(b.x[i * PIXELS + p], share * value_of(rows[0]) + rest * value_of(rows[1]), 1e-6);
            for (int k = 0; k < CLASSES; k++)
                assert_near(b.loss_weights[i] * b.targets[i * CLASSES + k],
                            share * by_class[a] * (float)(k == a) + rest * by_class[c] * (float)(k == c),
                            1e-5);
            assert_near(b.loss_weights[i], share * by_class[a] + rest * by_class[c], 1e-4);
            assert_int_equal(b.labels[i], share >= 0.5F ? a : c);
        }
        for (int i = 0; i < b.n; i++)
            assert_int_equal(seconds[i], 1);
    }
    assert_near(shares / (EPOCHS * 3), 0.5, 0.15); /* its standard error is .034 */
    assert_true(moved > EPOCHS * 3 * 13);
    batches_free(&t->made);
    free(t);
}

/* Every pixel is of one of two images, the second one's are a box, and the target's share is the share of pixels. */
static void test_cutmix_counts_the_pixels_of_its_box(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    t->o.cutmix_alpha = 1;
    begin(t);
    int clipped = 0, boxes = 0;
    for (int step = 0; step < EPOCHS * 3; step++) {
        if (step % 3 == 0) batches_shuffle(&t->made, step / 3);
        batch b = fill(t, step % 3, step);
        mixture m = batches_draw_mixture(&t->made, b.n, step);
        assert_true(m.boxed && m.top >= 0 && m.left >= 0 && m.bottom <= HEIGHT && m.right <= WIDTH);
        int area = (m.bottom - m.top) * (m.right - m.left);
        boxes += area > 0;
        clipped += area > 0 && (m.top == 0 || m.left == 0 || m.bottom == HEIGHT || m.right == WIDTH);
        for (int i = 0; i < b.n; i++) {
            int other = b.ids[t->made.partners[i]], strange = 0;
            for (int p = 0; p < PIXELS; p++) {
                int row = p / WIDTH, at = p % WIDTH;
                bool inside = row >= m.top && row < m.bottom && at >= m.left && at < m.right;
                assert_near(b.x[i * PIXELS + p], value_of(inside ? other : b.ids[i]), 0);
                strange += inside;
            }
            assert_int_equal(strange, area);
            int a = t->labels[b.ids[i]], c = t->labels[other];
            double share = 1 - (double)area / PIXELS;
            for (int k = 0; k < CLASSES; k++)
                assert_near(b.targets[i * CLASSES + k], share * (k == a) + (1 - share) * (k == c), 1e-6);
        }
    }
    assert_true(boxes > EPOCHS && clipped > EPOCHS / 2);
    batches_free(&t->made);
    free(t);
}

static void test_with_both_a_coin_decides(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    t->o.mixup_alpha = t->o.cutmix_alpha = 1;
    begin(t);
    int boxed = 0;
    for (int step = 0; step < 400; step++)
        boxed += batches_draw_mixture(&t->made, 16, step).boxed;
    assert_in_range(boxed, 160, 240);
    batches_free(&t->made);
    free(t);
}

/* The same bytes again, from any number of threads; other ones at another step. */
static void test_mixing_replays(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t), *other = malloc(sizeof *other);
    assert_non_null(t);
    assert_non_null(other);
    prepare(t);
    prepare(other);
    t->o.mixup_alpha = other->o.mixup_alpha = t->o.cutmix_alpha = other->o.cutmix_alpha = 1;
    other->r.threads = 7;
    begin(t);
    begin(other);
    batches_shuffle(&other->made, 0); /* what came before does not matter */
    fill(other, 1, 1);
    batches_shuffle(&t->made, 2);
    batches_shuffle(&other->made, 2);
    batch a = fill(t, 0, 6), b = fill(other, 0, 6);
    assert_memory_equal(a.x, b.x, 16 * PIXELS * sizeof(float));
    assert_memory_equal(a.targets, b.targets, 16 * CLASSES * sizeof(float));
    b = fill(other, 0, 7);
    assert_memory_not_equal(a.x, b.x, 16 * PIXELS * sizeof(float));
    batches_free(&t->made);
    batches_free(&other->made);
    free(t);
    free(other);
}

/* An epoch is as long as the data; each of the three classes that are there has 20 of 60 draws, rows of a class equally often in the long run; copies
 * of a row are augmented each in its own way. */
static void test_balanced_sampler_draws_every_class_equally_often(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    augmentation noise = {.n = 1, .steps = {{AUGMENT_noise, 0.1F}}};
    t->o.augment = &noise;
    t->o.balanced_sampler = true;
    t->o.batch = ROWS;
    begin(t);
    int drawn[ROWS] = {0}, unsorted = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int classes[CLASSES] = {0};
        batches_shuffle(&t->made, epoch);
        batch b = fill(t, 0, epoch);
        assert_int_equal(b.n, ROWS);
        for (int i = 0; i < b.n; i++) {
            classes[b.labels[i]]++;
            drawn[b.ids[i]]++;
            unsorted += i && b.labels[i] == b.labels[i - 1];
            for (int k = 0; k < i; k++)
                if (b.ids[k] == b.ids[i] &&
                    memcmp(b.x + k * PIXELS, b.x + i * PIXELS, PIXELS * sizeof(float)) == 0)
                    fail_msg("epoch %d: two copies of row %d are augmented alike", epoch, b.ids[i]);
        }
        for (int k = 0; k < 3; k++)
            assert_int_equal(classes[k], 20);
        assert_int_equal(classes[3], 0);
    }
    assert_in_range(unsorted, EPOCHS * 14, EPOCHS * 26); /* a third of the neighbours */
    for (int i = 57; i < ROWS; i++)
        assert_in_range(drawn[i], EPOCHS * 20 / 3 - 70, EPOCHS * 20 / 3 + 70);
    batches_free(&t->made);
    free(t);
}

static void test_balanced_class_weights_have_the_mean_one(void **state) {
    (void)state;
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    t->o.class_weights = CLASS_WEIGHTS_BALANCED;
    t->o.batch = ROWS;
    begin(t);
    batches_shuffle(&t->made, 0);
    batch b = fill(t, 0, 0);
    double sums[CLASSES] = {0};
    for (int i = 0; i < ROWS; i++)
        sums[b.labels[i]] += (double)b.loss_weights[i];
    for (int k = 0; k < 3; k++)
        assert_near(sums[k], ROWS / 3.0, 1e-4);
    batches_free(&t->made);
    free(t);
}

static void test_groups_come_with_the_batch(void **state) {
    (void)state;
    err e;
    const char *texts[ROWS];
    double numbers[ROWS];
    bench *t = malloc(sizeof *t);
    assert_non_null(t);
    prepare(t);
    for (int i = 0; i < ROWS; i++) {
        texts[i] = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : NULL;
        numbers[i] = i < 50 ? i % 2 : (double)NAN;
    }
    assert_ok(table_add_texts(&t->d.columns, "side", texts, &e), e);
    assert_ok(table_add_numbers(&t->d.columns, "age", numbers, &e), e);
    t->o.group_column = "side";
    begin(t);
    batches_shuffle(&t->made, 0);
    batch b = fill(t, 0, 0);
    assert_int_equal(b.n_groups, 3);
    for (int i = 0; i < b.n; i++)
        assert_int_equal(b.groups[i], b.ids[i] % 3);
    batches_free(&t->made);
    t->o.group_column = "age";
    begin(t);
    batches_shuffle(&t->made, 0);
    b = fill(t, 0, 0);
    assert_int_equal(b.n_groups, 3);
    for (int i = 0; i < b.n; i++)
        assert_int_equal(b.groups[i], b.ids[i] < 50 ? b.ids[i] % 2 : 2);
    batches_free(&t->made);
    t->o.group_column = "nowhere";
    assert_int_equal(batches_new(&t->d, &t->o, &t->r, &t->made, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "nowhere"));
    table_free(&t->d.columns);
    free(t);
}

static void test_options_out_of_range_are_refused(void **state) {
    (void)state;
    err e;
    for (int i = 0; i < 8; i++) {
        train_options o = train_options_default();
        double *const fields[] = {&o.mixup_alpha, &o.cutmix_alpha, &o.focal_gamma, &o.aux_weight,
                                  &o.group_dro_rate};
        o.group_column = "side";
        if (i < 5) *fields[i] = i % 2 ? -1 : (double)NAN;
        if (i == 5) o.mixup_alpha = o.group_dro_rate = 1;
        if (i == 6) o.cutmix_alpha = o.group_dro_rate = 1;
        if (i == 7) {
            o.group_dro_rate = 1;
            o.group_column = NULL;
        }
        if (batches_check(&o, &e) != STATUS_USAGE) fail_msg("case %d was accepted", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixup_averages_everything),
        cmocka_unit_test(test_cutmix_counts_the_pixels_of_its_box),
        cmocka_unit_test(test_with_both_a_coin_decides),
        cmocka_unit_test(test_mixing_replays),
        cmocka_unit_test(test_balanced_sampler_draws_every_class_equally_often),
        cmocka_unit_test(test_balanced_class_weights_have_the_mean_one),
        cmocka_unit_test(test_groups_come_with_the_batch),
        cmocka_unit_test(test_options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
