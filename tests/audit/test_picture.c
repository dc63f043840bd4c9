#include "audit/picture.h"

#include <math.h>

#include "audit/picture_internal.h"
#include "tests/support/test.h"

static const colour white = {255, 255, 255}, black = {0, 0, 0}, red = {200, 0, 0};

static int ink(const picture *p) {
    int count = 0;
    for (int i = 0; i < p->width * p->height; i++)
        count += p->pixels[i * 3 + 1] != 255;
    return count;
}

static void letters_are_distinct(void **state) {
    (void)state;
    for (int a = ' '; a <= '~'; a++)
        for (int b = ' '; b < a; b++) {
            bool same = true;
            for (int i = 0; i < GLYPH_HEIGHT * GLYPH_WIDTH; i++)
                same &= glyph_pixel((char)a, i / GLYPH_WIDTH, i % GLYPH_WIDTH) ==
                        glyph_pixel((char)b, i / GLYPH_WIDTH, i % GLYPH_WIDTH);
            if (same) fail_msg("'%c' and '%c' look the same", a, b);
        }
}

static void text_is_cut(void **state) {
    (void)state;
    err e;
    picture a, b;
    assert_ok(picture_new(60, 10, white, &a, &e), e);
    assert_ok(picture_new(60, 10, white, &b, &e), e);
    picture_text(&a, 0, 0, 5, black, "abcdefgh");
    picture_text(&b, 0, 0, 5, black, "abc..");
    assert_memory_equal(a.pixels, b.pixels, 60 * 10 * 3);
    picture_fill(&a, 0, 0, 60, 10, white);
    picture_fill(&b, 0, 0, 60, 10, white);
    picture_text(&a, 0, 0, 9, black, "a\xc3\xa9g");
    picture_text(&b, 0, 0, 9, black, "a?g");
    assert_memory_equal(a.pixels, b.pixels, 60 * 10 * 3);
    picture_free(&a);
    picture_free(&b);
}

static void drawing_outside_is_cut_off(void **state) {
    (void)state;
    err e;
    picture p;
    assert_ok(picture_new(20, 20, white, &p, &e), e);
    picture_fill(&p, -5, -5, 7, 7, red);
    assert_int_equal(ink(&p), 4);
    picture_text(&p, 15, 15, 100, black, "WWWWWW");
    const float image[] = {NAN, 2, -1, 0.5f};
    picture_image(&p, 17, 2, 4, (shape){2, 2, 1}, image);
    picture_free(&p);
    assert_int_equal(picture_new(0, 5, white, &p, &e), STATUS_UNSUPPORTED);
    assert_int_equal(picture_new(100000, 5, white, &p, &e), STATUS_UNSUPPORTED);
}

static void image_is_enlarged(void **state) {
    (void)state;
    err e;
    picture p;
    assert_ok(picture_new(6, 6, white, &p, &e), e);
    const float image[] = {0, 1, 0.5f, 0.2f};
    picture_image(&p, 0, 0, 3, (shape){2, 2, 1}, image);
    assert_int_equal(p.pixels[0], 0);
    assert_int_equal(p.pixels[(2 * 6 + 2) * 3], 0);
    assert_int_equal(p.pixels[(0 * 6 + 3) * 3], 255);
    assert_int_equal(p.pixels[(5 * 6 + 0) * 3 + 2], 128);
    assert_int_equal(p.pixels[(5 * 6 + 5) * 3], 51);
    picture_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(letters_are_distinct), cmocka_unit_test(text_is_cut),
                                       cmocka_unit_test(drawing_outside_is_cut_off),
                                       cmocka_unit_test(image_is_enlarged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
