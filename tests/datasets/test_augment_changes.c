/* The changes that augmentations are made of: inverses, compositions, values of Pillow 9.4; and the augmentations that draw them. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/augment.h"
#include "datasets/augment_internal.h"

enum { SIDE = 20, PIXELS = SIDE * SIDE, MOST = PIXELS * 3 };
static const shape grey = {SIDE, SIDE, 1}, colour = {SIDE, SIDE, 3};

/* Bytes 30..130 that fill no histogram evenly; colour images have three of them. */
static void fill(shape s, float *x) {
    for (int i = 0; i < (int)shape_size(s); i++) {
        int level = (i * i * 7 + 13 * i) % 256;
        x[i] = (float)((level < 200 ? level : 200) / 2 + 30) / 255;
    }
}

static void check_levels(const float *x, const int *expected, int n, double tolerance) {
    for (int i = 0; i < n; i++)
        if (fabs((double)x[i] * 255 - expected[i]) > tolerance)
            fail_msg("value %d is %g, expected %d", i, (double)x[i] * 255, expected[i]);
}

static double sum_of_levels(const float *x) {
    double sum = 0;
    for (int i = 0; i < PIXELS; i++)
        sum += (double)x[i] * 255;
    return sum;
}

static void tones_are_those_of_pillow(void **state) {
    (void)state;
    float x[PIXELS];
    fill(grey, x);
    check_levels(x, (int[]){30, 40, 57, 81, 112, 130, 67, 119, 50, 116, 61, 130}, 12, 1e-3);
    image_equalize(grey, x);
    check_levels(x, (int[]){0, 32, 84, 155, 255, 255, 115, 255, 61, 255, 95, 255, 222, 112, 29, 255}, 16,
                 1e-3);
    assert_near(sum_of_levels(x), 69053, 0.01);
    fill(grey, x);
    image_posterize(3, grey, x);
    check_levels(x, (int[]){0, 32, 32, 64, 96, 128, 64, 96, 32, 96, 32, 128}, 12, 1e-3);
    fill(grey, x);
    image_solarize(100 / 255.0F, grey, x);
    check_levels(x, (int[]){30, 40, 57, 81, 143, 125, 67, 136, 50, 139, 61, 125}, 12, 1e-3);
    fill(grey, x);
    image_autocontrast(grey, x);
    check_levels(x, (int[]){0, 25, 68, 130, 209, 255, 94, 226, 50, 219, 79, 255}, 12, 1);
}

static void sharpness_is_that_of_pillow(void **state) {
    (void)state;
    static const int second_row[] = {130, 30, 77, 125, 148, 62, 152, 52,  156, 94, 12, 148,
                                     114, 90, 67, 49,  38,  44, 67,  103, 130, 1,  70, 149};
    float x[PIXELS], before[PIXELS], scratch[PIXELS];
    fill(grey, x);
    fill(grey, before);
    image_sharpness(2, grey, x, scratch);
    check_levels(x + SIDE, second_row, 24, 1);
    assert_memory_equal(x, before, SIDE * sizeof *x); /* the border stays */
    assert_near(sum_of_levels(x), 36345, PIXELS * 0.5);
    fill(grey, x);
    image_sharpness(1, grey, x, scratch);
    for (int i = 0; i < PIXELS; i++)
        assert_near(x[i], before[i], 1e-6);
}

/* A strength that changes nothing, by name. */
static void no_strength_changes_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "affine=0",    "shear=0",  "erase=0",     "erase-mean=0",   "saturation=0", "hue=0",   "jitter=0",
        "sharpness=0", "invert=0", "posterize=8", "autocontrast=0", "equalize=0",   "rotate=0"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        for (int row = 0; row < 5; row++) {
            float x[MOST], before[MOST], scratch[MOST];
            int32_t label = 3;
            augmentation a;
            err e;
            assert_ok(augment_parse(texts[k], 0, NULL, &a, &e), e);
            fill(colour, x);
            fill(colour, before);
            augment_apply(&a, 1, row, 0, colour, x, &label, scratch);
            for (int i = 0; i < MOST; i++)
                if (fabsf(x[i] - before[i]) > 2e-6F)
                    fail_msg("%s changes value %d from %g to %g", texts[k], i, (double)before[i],
                             (double)x[i]);
        }
}

static void changes_undo_each_other(void **state) {
    (void)state;
    float x[MOST], before[MOST], scratch[MOST], other[MOST];
    fill(colour, before);
    fill(colour, x);
    image_invert(colour, x);
    image_invert(colour, x);
    assert_relative(x, before, MOST, 1e-6);
    image_hue(0.4F, colour, x);
    assert_true(fabsf(x[0] - before[0]) + fabsf(x[1] - before[1]) > 0.01F);
    image_hue(-0.4F, colour, x);
    assert_relative(x, before, MOST, 1e-5);
    warp quarter = warp_rotation(90), half = warp_rotation(180);
    for (int i = 0; i < 4; i++)
        image_warp(&quarter, colour, x, scratch);
    assert_relative(x, before, MOST, 1e-4);
    image_warp(&half, colour, x, scratch); /* is a mirror image of a mirror image */
    rng random = rng_stream(1, "test", 0, 0, 0, 0);
    fill(colour, other);
    image_mirror(colour, other);
    augment_vflip(1, &random, colour, other, scratch);
    assert_relative(x, other, MOST, 1e-4);
}

/* A whole move is a shift; a shear of 1 moves each row by its distance from the middle one. */
static void warps_go_where_they_should(void **state) {
    (void)state;
    const shape five = {5, 5, 1};
    float x[25] = {0}, scratch[25];
    x[12] = 1;
    warp w = warp_none();
    w.move[0] = 1;
    w.move[1] = -2;
    image_warp(&w, five, x, scratch);
    for (int i = 0; i < 25; i++)
        assert_near(x[i], i == 9, 1e-6); /* row 1, column 4: one up, two to the right */
    for (int i = 0; i < 25; i++)
        x[i] = i % 5 == 2; /* the middle column */
    w = warp_none();
    w.turn[1][0] = 1;
    image_warp(&w, five, x, scratch);
    for (int i = 0; i < 25; i++)
        assert_near(x[i], i % 5 - 2 == -(i / 5 - 2), 1e-6);
}

static void affine_reaches_what_it_says(void **state) {
    (void)state;
    augmentation a;
    err e;
    assert_ok(augment_parse("affine=0.2", 0, NULL, &a, &e), e);
    double least = 1e9, most = 0, farthest = 0;
    for (int row = 0; row < 400; row++) {
        float x[41 * 41] = {0}, scratch[41 * 41];
        int32_t label = 0;
        for (int i = 0; i < 49; i++)
            x[(17 + i / 7) * 41 + 17 + i % 7] = 1;
        augment_apply(&a, 0, row, 0, (shape){41, 41, 1}, x, &label, scratch);
        double sum = 0, down = 0;
        for (int i = 0; i < 41 * 41; i++) {
            sum += (double)x[i];
            down += (double)x[i] * (i / 41 - 20);
        }
        least = fmin(least, sum / 49);
        most = fmax(most, sum / 49);
        farthest = fmax(farthest, fabs(down / sum));
    }
    /* areas 0.8^2 to 1.2^2 with up to .04 from the shear; moves up to 8.2 pixels of the source, as seen up to 1.2 * 1.25 times that */
    assert_true(least > 0.58 && least < 0.72 && most > 1.3 && most < 1.55);
    assert_true(farthest > 7 && farthest < 12.5);
}

static void colours_turn(void **state) {
    (void)state;
    const shape one = {1, 1, 3};
    float red[3] = {1, 0, 0}, dull[3] = {0.6F, 0.2F, 0.2F}, white[3] = {0.4F, 0.4F, 0.4F};
    image_hue(1 / 3.0F, one, red);
    assert_near(red[0], 0, 1e-5);
    assert_near(red[1], 1, 1e-5);
    image_hue(-2 / 3.0F, one, dull);
    assert_near(dull[0], 0.2, 1e-5);
    assert_near(dull[1], 0.6, 1e-5);
    image_hue(0.3F, one, white);
    image_saturation(3, one, white);
    for (int c = 0; c < 3; c++)
        assert_near(white[c], 0.4, 1e-6);
    image_saturation(0, one, dull);
    for (int c = 0; c < 3; c++)
        assert_near(dull[c], 0.299 * 0.2 + 0.587 * 0.6 + 0.114 * 0.2, 1e-5);
}

static void colour_leaves_grey_images_alone(void **state) {
    (void)state;
    float x[PIXELS], before[PIXELS];
    fill(grey, x);
    fill(grey, before);
    image_saturation(0.1F, grey, x);
    image_hue(0.3F, grey, x);
    assert_memory_equal(x, before, sizeof x);
}

/* Rectangles inside the image of .02 to .4 of the area, not much longer than 1 / .3, anywhere; filled by noise or by the mean. */
static void erasing_hides_rectangles(void **state) {
    (void)state;
    augmentation a[2];
    err e;
    assert_ok(augment_parse("erase=1", 0, NULL, &a[0], &e), e);
    assert_ok(augment_parse("erase-mean=1", 0, NULL, &a[1], &e), e);
    double least = 1, most = 0;
    bool covered[PIXELS] = {false};
    for (int row = 0; row < 600; row++) {
        float x[MOST], before[MOST], scratch[MOST], inside = -1;
        int32_t label = 0;
        int top = SIDE, bottom = -1, left = SIDE, right = -1, changed = 0, different = 0;
        for (int i = 0; i < MOST; i++)
            before[i] = x[i] = i % 3 == 0 ? (float)(i / 3 % 2) * 2 - 0.5F : 2; /* red has the mean .5 */
        augment_apply(&a[row % 2], 7, row, 0, colour, x, &label, scratch);
        for (int i = 0; i < PIXELS; i++) {
            if (memcmp(x + 3 * i, before + 3 * i, 3 * sizeof *x) == 0) continue;
            changed++;
            covered[i] = true;
            top = i / SIDE < top ? i / SIDE : top;
            bottom = i / SIDE > bottom ? i / SIDE : bottom;
            left = i % SIDE < left ? i % SIDE : left;
            right = i % SIDE > right ? i % SIDE : right;
            if (row % 2) assert_near(x[3 * i], 0.5, 1e-6);
            assert_true(x[3 * i] >= 0 && x[3 * i] < 1);
            different += inside >= 0 && x[3 * i] != inside;
            inside = x[3 * i];
        }
        int height = bottom - top + 1, width = right - left + 1;
        assert_int_equal(changed, height * width);
        assert_true(row % 2 == 0 ? different > changed / 2 : different == 0);
        assert_true(height < SIDE && width < SIDE);
        double share = (double)changed / PIXELS;
        least = fmin(least, share);
        most = fmax(most, share);
    }
    assert_true(least > 0.01 && least < 0.04 && most > 0.35 && most < 0.45);
    for (int i = 0; i < PIXELS; i++)
        if (!covered[i]) fail_msg("pixel %d was never erased", i);
}

/* All 14 changes happen, values stay in [0, 1], and the row alone decides. */
static void random_ones_draw_from_the_whole_list(void **state) {
    (void)state;
    static const char *const texts[] = {"trivial", "randaugment"};
    for (int k = 0; k < 2; k++) {
        augmentation a;
        err e;
        int same = 0, brighter = 0, moved = 0;
        assert_ok(augment_parse(texts[k], 0, NULL, &a, &e), e);
        for (int row = 0; row < 600; row++) {
            float x[MOST], again[MOST], before[MOST], scratch[MOST];
            int32_t label = 0;
            fill(colour, x);
            fill(colour, again);
            fill(colour, before);
            augment_apply(&a, 2, row, 1, colour, x, &label, scratch);
            augment_apply(&a, 2, row, 1, colour, again, &label, scratch);
            assert_memory_equal(x, again, sizeof x);
            for (int i = 0; i < MOST; i++)
                assert_true(x[i] >= 0 && x[i] <= 1);
            same += memcmp(x, before, sizeof x) == 0;
            brighter += x[0] > before[0];
            moved += x[0] == 0 && x[1] == 0 && x[2] == 0;
        }
        if (k == 0)
            assert_in_range(same, 600 / 14, 600 / 4); /* one change in 14 is none, and some strengths are 0 */
        if (k == 1) assert_in_range(same, 0, 600 / 20);
        assert_true(brighter > 60 && moved > 60);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_are_those_of_pillow),
        cmocka_unit_test(sharpness_is_that_of_pillow),
        cmocka_unit_test(no_strength_changes_nothing),
        cmocka_unit_test(changes_undo_each_other),
        cmocka_unit_test(warps_go_where_they_should),
        cmocka_unit_test(affine_reaches_what_it_says),
        cmocka_unit_test(colours_turn),
        cmocka_unit_test(colour_leaves_grey_images_alone),
        cmocka_unit_test(erasing_hides_rectangles),
        cmocka_unit_test(random_ones_draw_from_the_whole_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
