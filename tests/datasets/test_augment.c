/* Each augmentation on an image small enough to know the answer, and that a result depends on seed, row and epoch alone. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/augment.h"

static augmentation parse(const char *text) {
    augmentation a;
    err e;
    assert_ok(augment_parse(text, 0, NULL, &a, &e), e);
    return a;
}

/* Values k/12 on 3 rows of 4. */
static void fill(float *x) {
    for (int i = 0; i < 12; i++)
        x[i] = (float)i / 12;
}

static const shape small = {3, 4, 1};

static void check_values(const float *x, const int *expected) {
    for (int i = 0; i < 12; i++)
        if (fabsf(x[i] - (float)expected[i] / 12) > 1e-6f)
            fail_msg("value %d is %g, expected %d/12", i, (double)x[i], expected[i]);
}

static void flips_mirror(void **state) {
    (void)state;
    float x[12], scratch[12];
    int32_t label = 1;
    augmentation a = parse("flip=1");
    fill(x);
    augment_apply(&a, 0, 0, 0, small, x, &label, scratch);
    check_values(x, (int[]){3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8});
    a = parse("vflip=1");
    fill(x);
    augment_apply(&a, 0, 0, 0, small, x, &label, scratch);
    check_values(x, (int[]){8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3});
    assert_int_equal(label, 1);
}

static void flip_keeps_channels_together(void **state) {
    (void)state;
    float x[6] = {.1f, .2f, .3f, .4f, .5f, .6f}, scratch[6];
    const float expected[6] = {.4f, .5f, .6f, .1f, .2f, .3f};
    int32_t label = 0;
    augmentation a = parse("flip=1");
    augment_apply(&a, 0, 0, 0, (shape){1, 2, 3}, x, &label, scratch);
    assert_memory_equal(x, expected, sizeof x);
}

/* How often `flip` happens over rows, and that all 25 moves of `shift` do. */
static void chances_are_as_said(void **state) {
    (void)state;
    augmentation a = parse("flip=0.25");
    int flipped = 0;
    for (int row = 0; row < 4000; row++) {
        float x[12], scratch[12];
        int32_t label = 0;
        fill(x);
        augment_apply(&a, 5, row, 2, small, x, &label, scratch);
        flipped += x[0] > 0.1f;
    }
    assert_in_range(flipped, 890, 1110); /* 1000, four standard deviations either way */
}

/* Every result of `text` on a 5 x 5 image with one light pixel in the middle must be that pixel moved, by all of -2..2. */
static void shift_moves_in_zeros(void **state) {
    (void)state;
    augmentation a = parse("shift=2");
    int seen[25] = {0};
    for (int row = 0; row < 500; row++) {
        float x[25] = {0}, scratch[25];
        int32_t label = 0;
        x[12] = 1;
        augment_apply(&a, 0, row, 0, (shape){5, 5, 1}, x, &label, scratch);
        int light = 0, at = -1;
        for (int i = 0; i < 25; i++)
            if (x[i] != 0) {
                light++;
                at = i;
            }
        assert_int_equal(light, 1);
        seen[at]++;
    }
    for (int i = 0; i < 25; i++)
        if (seen[i] < 5) fail_msg("move %d was seen %d times of 500", i, seen[i]);
}

static void crop_reflects_without_repeating_the_border(void **state) {
    (void)state;
    augmentation a = parse("crop=2");
    const float lines[5][4] = {{2, 1, 0, 1}, {1, 0, 1, 2}, {0, 1, 2, 3}, {1, 2, 3, 2}, {2, 3, 2, 1}};
    int seen[5] = {0};
    for (int row = 0; row < 200; row++) {
        float x[4] = {0, 1, 2, 3}, scratch[4];
        int32_t label = 0;
        augment_apply(&a, 0, row, 0, (shape){1, 4, 1}, x, &label, scratch);
        int found = -1;
        for (int k = 0; k < 5; k++)
            if (memcmp(x, lines[k], sizeof x) == 0) found = k;
        if (found < 0)
            fail_msg("row %d became %g %g %g %g", row, (double)x[0], (double)x[1], (double)x[2],
                     (double)x[3]);
        seen[found]++;
    }
    for (int k = 0; k < 5; k++)
        assert_true(seen[k] > 15);
}

/* A light square beside the middle of a dark image turns about the centre: its distance from there stays. */
static void rotate_turns_about_the_centre(void **state) {
    (void)state;
    augmentation a = parse("rotate=90");
    double most = 0, least = 0;
    for (int row = 0; row < 300; row++) {
        float x[21 * 21] = {0}, scratch[21 * 21];
        int32_t label = 0;
        for (int i = 0; i < 9; i++)
            x[(9 + i / 3) * 21 + 14 + i % 3] = 1; /* centre 10, 15: five to the right */
        augment_apply(&a, 0, row, 0, (shape){21, 21, 1}, x, &label, scratch);
        double sum = 0, down = 0, right = 0;
        for (int i = 0; i < 441; i++) {
            sum += (double)x[i];
            down += (double)x[i] * (i / 21 - 10);
            right += (double)x[i] * (i % 21 - 10);
        }
        assert_near(sum, 9, 0.6); /* interpolation keeps it only about */
        assert_near(sqrt(down * down + right * right) / sum, 5, 0.1);
        double angle = atan2(down, right) * 180 / 3.14159265358979;
        most = fmax(most, angle);
        least = fmin(least, angle);
    }
    assert_in_range((int)most, 80, 90);
    assert_in_range((int)-least, 80, 90);
    augmentation none = parse("rotate=0");
    float x[12], scratch[12];
    int32_t label = 0;
    fill(x);
    augment_apply(&none, 0, 0, 0, small, x, &label, scratch);
    check_values(x, (int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
}

static void noise_has_its_standard_deviation(void **state) {
    (void)state;
    enum { N = 10000 };
    static float x[N], scratch[N];
    int32_t label = 0;
    augmentation a = parse("noise=0.1");
    for (int i = 0; i < N; i++)
        x[i] = 0.5f;
    augment_apply(&a, 0, 0, 0, (shape){100, 100, 1}, x, &label, scratch);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        assert_true(x[i] >= 0 && x[i] <= 1);
        sum += (double)x[i];
        squares += ((double)x[i] - 0.5) * ((double)x[i] - 0.5);
    }
    assert_near(sum / N, 0.5, 0.004);
    assert_near(sqrt(squares / N), 0.1, 0.004);
}

static void brightness_and_contrast_are_linear_and_clipped(void **state) {
    (void)state;
    double most = 0, least = 2;
    for (int row = 0; row < 200; row++) {
        float bright[4] = {0.2f, 0.4f, 0.1f, 1}, contrast[4] = {0.4f, 0.6f, 0.5f, 0.5f}, scratch[4];
        int32_t label = 0;
        augmentation a = parse("brightness=0.5"), b = parse("contrast=0.5");
        augment_apply(&a, 0, row, 0, (shape){2, 2, 1}, bright, &label, scratch);
        augment_apply(&b, 0, row, 0, (shape){2, 2, 1}, contrast, &label, scratch);
        double factor = (double)bright[0] / 0.2;
        assert_near(bright[1], 0.4 * factor, 1e-6);
        assert_near(bright[3], fmin(factor, 1), 1e-6);
        assert_near((double)contrast[0] + (double)contrast[1], 1, 1e-6);
        assert_near(contrast[2], 0.5, 1e-6);
        assert_in_range((int)(((double)contrast[1] - 0.5) * 1000), 50, 150);
        most = fmax(most, factor);
        least = fmin(least, factor);
    }
    assert_true(most > 1.45 && most <= 1.5 && least >= 0.5 && least < 0.55);
}

/* The grey square is whole inside, cut at the border, and may lie everywhere. */
static void cutout_greys_a_square(void **state) {
    (void)state;
    augmentation a = parse("cutout=4");
    int corners = 0, whole = 0;
    for (int row = 0; row < 400; row++) {
        float x[100] = {0}, scratch[100];
        int32_t label = 0;
        augment_apply(&a, 0, row, 0, (shape){10, 10, 1}, x, &label, scratch);
        int grey = 0, top = 10, bottom = -1, left = 10, right = -1;
        for (int i = 0; i < 100; i++) {
            if (x[i] == 0) continue;
            assert_near(x[i], 0.5, 0);
            grey++;
            top = i / 10 < top ? i / 10 : top;
            bottom = i / 10 > bottom ? i / 10 : bottom;
            left = i % 10 < left ? i % 10 : left;
            right = i % 10 > right ? i % 10 : right;
        }
        assert_int_equal(grey, (bottom - top + 1) * (right - left + 1));
        assert_true(bottom - top < 4 && right - left < 4);
        whole += grey == 16;
        corners += grey == 4;
    }
    assert_in_range(whole, 150, 250); /* 49 of 100 centres */
    assert_true(corners > 0);
}

static void flip_target_swaps_left_and_right(void **state) {
    (void)state;
    const char *const names[] = {"left", "right", "up",       "Turn LEFT", "turn right",
                                 "L",    "r",     "leftover", "lr"};
    const int32_t mirrored[] = {1, 0, 2, 4, 3, 6, 5, 7, 8};
    augmentation a;
    err e;
    assert_ok(augment_parse("flip-target=1", 9, names, &a, &e), e);
    for (int k = 0; k < 9; k++) {
        float x[12], scratch[12];
        int32_t label = k;
        fill(x);
        augment_apply(&a, 0, k, 0, small, x, &label, scratch);
        if (label != mirrored[k]) fail_msg("%s became class %d, expected %d", names[k], label, mirrored[k]);
        check_values(x, (int[]){3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8});
    }
    augment_free(&a);
    assert_int_equal(augment_parse("flip-target", 1, (const char *const[]){"up"}, &a, &e), STATUS_USAGE);
    assert_int_equal(augment_parse("flip-target", 0, NULL, &a, &e), STATUS_USAGE);
}

/* Image and label change together or not at all. */
static void flip_target_is_one_decision(void **state) {
    (void)state;
    const char *const names[] = {"left", "right"};
    augmentation a;
    err e;
    int flipped = 0;
    assert_ok(augment_parse("flip_target", 2, names, &a, &e), e);
    for (int row = 0; row < 1000; row++) {
        float x[12], scratch[12];
        int32_t label = 0;
        fill(x);
        augment_apply(&a, 0, row, 0, small, x, &label, scratch);
        assert_int_equal(label, x[0] > 0.1f);
        flipped += label;
    }
    assert_in_range(flipped, 430, 570);
    augment_free(&a);
}

static const char all[] = "flip,vflip,shift,crop,rotate,noise,brightness,contrast,cutout,affine,shear,erase,"
                          "jitter,sharpness,posterize,trivial";

static void augment_row(uint64_t seed, int row, int epoch, float *x) {
    augmentation a = parse(all);
    float scratch[64 * 3];
    int32_t label = 7;
    for (int i = 0; i < 64 * 3; i++)
        x[i] = (float)(i * 37 % 64) / 64;
    augment_apply(&a, seed, row, epoch, (shape){8, 8, 3}, x, &label, scratch);
    assert_int_equal(label, 7);
    for (int i = 0; i < 64 * 3; i++)
        assert_true(x[i] >= 0 && x[i] <= 1);
}

static void depends_on_seed_row_and_epoch_alone(void **state) {
    (void)state;
    float a[192], b[192];
    augment_row(1, 2, 3, a);
    augment_row(9, 9, 9, b);
    assert_memory_not_equal(a, b, sizeof a);
    augment_row(1, 2, 3, b);
    assert_memory_equal(a, b, sizeof a);
    const int others[3][3] = {{0, 2, 3}, {1, 0, 3}, {1, 2, 0}};
    for (int i = 0; i < 3; i++) {
        augment_row((uint64_t)others[i][0], others[i][1], others[i][2], b);
        assert_memory_not_equal(a, b, sizeof a);
    }
}

static void bad_texts_are_refused(void **state) {
    (void)state;
    const char *const wrong[] = {
        "posterize=0",
        "posterize=2.5",
        "hue=0.6",
        "randaugment=31",
        "affine=2",
        "flop",
        "flip=",
        "flip=2",
        "flip=-1",
        "flip=nan",
        "shift=1.5",
        "shift=1e9",
        "flip,,shift",
        ",",
        "flip,",
        "rotate=181",
        "noise=0x1",
        "flip=1=2",
        "flip =1",
        "cutout=inf",
        "flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip,flip"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        augmentation a;
        err e;
        if (augment_parse(wrong[i], 0, NULL, &a, &e) != STATUS_USAGE)
            fail_msg("\"%s\" was accepted", wrong[i]);
        assert_int_equal(a.n, 0);
        if (i == 5) assert_non_null(strstr(e.message, "did you mean \"flip\""));
    }
    augmentation a = parse("shift,cutout=3");
    assert_int_equal(a.n, 2);
    assert_near(a.steps[0].strength, 2, 0);
    assert_near(a.steps[1].strength, 3, 0);
    assert_int_equal(parse("").n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_mirror),
        cmocka_unit_test(flip_keeps_channels_together),
        cmocka_unit_test(chances_are_as_said),
        cmocka_unit_test(shift_moves_in_zeros),
        cmocka_unit_test(crop_reflects_without_repeating_the_border),
        cmocka_unit_test(rotate_turns_about_the_centre),
        cmocka_unit_test(noise_has_its_standard_deviation),
        cmocka_unit_test(brightness_and_contrast_are_linear_and_clipped),
        cmocka_unit_test(cutout_greys_a_square),
        cmocka_unit_test(flip_target_swaps_left_and_right),
        cmocka_unit_test(flip_target_is_one_decision),
        cmocka_unit_test(depends_on_seed_row_and_epoch_alone),
        cmocka_unit_test(bad_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
