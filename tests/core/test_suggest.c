#include "core/suggest.h"

#include <limits.h>

#include "tests/support/test.h"

static void distances(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        {"", "", 0},           {"", "abc", 3},      {"kitten", "sitting", 3}, {"attack", "attcak", 1},
        {"ca", "abc", 3},      {"eval", "evla", 1}, {"poison", "posion", 1},  {"flaw", "lawn", 2},
        {"train", "train", 0}, {"abcd", "badc", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int there = edit_distance(cases[i].a, cases[i].b), back = edit_distance(cases[i].b, cases[i].a);
        if (there != cases[i].distance || back != there)
            fail_msg("\"%s\" \"%s\": %d and %d, expected %d", cases[i].a, cases[i].b, there, back,
                     cases[i].distance);
    }
    char longer[100];
    memset(longer, 'x', 99);
    longer[99] = 0;
    assert_int_equal(edit_distance(longer, "x"), INT_MAX);
}

static const char *nearest(const char *wrong) {
    static const char *const names[] = {"train",  "eval",          "predict", "attack",
                                        "poison", "fashion-mnist", "mnist"};
    suggestion s = suggest_for(wrong);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        suggest_offer(&s, names[i]);
    return s.best;
}

static void meant_names(void **state) {
    (void)state;
    assert_string_equal(nearest("trian"), "train");
    assert_string_equal(nearest("atack"), "attack");
    assert_string_equal(nearest("evl"), "eval");
    assert_string_equal(nearest("fashion_mnist"), "fashion-mnist");
    assert_null(nearest("xyzzy"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
}

static void text(void **state) {
    (void)state;
    suggestion s = suggest_for("evl");
    assert_string_equal(suggest_text(&s), "");
    suggest_offer(&s, "eval");
    assert_string_equal(suggest_text(&s), ", did you mean \"eval\"?");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(meant_names),
                                       cmocka_unit_test(text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
