#include "tests/support/test.h"

#include "core/text.h"

/* The boundary cases of RFC 3629, sections 3 and 4. */
static void test_utf8(void **state) {
    (void)state;
    static const char *const good[] = {"",
                                       "plain",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "a\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2 ",
                                      "\xe0\x9f\xbf",
                                      "\xe1\x80",
                                      "\xe1\x80 ",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf1\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!text_is_utf8(good[i], strlen(good[i]))) fail_msg("good[%zu] was refused", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (text_is_utf8(bad[i], strlen(bad[i]))) fail_msg("bad[%zu] was accepted", i);
}

static void test_unique(void **state) {
    (void)state;
    err e;
    const char *texts[] = {"b", "a", "c", "B", ""};
    assert_ok(text_check_unique(texts, 5, "column", &e), e);
    assert_ok(text_check_unique(NULL, 0, "column", &e), e);
    texts[4] = "a";
    assert_int_equal(text_check_unique(texts, 5, "column", &e), STATUS_BAD_FILE);
    assert_string_equal(e.message, "column \"a\" occurs twice");
    assert_string_equal(texts[0], "b"); /* the order is left as it was */
}

static void test_integers(void **state) {
    (void)state;
    int n[3];
    assert_true(text_integers("28x30x1", "xx", 1, 30, n));
    assert_true(n[0] == 28 && n[1] == 30 && n[2] == 1);
    assert_true(text_integers("-4", "", -4, 0, n));
    assert_int_equal(n[0], -4);
    static const char *const bad[] = {"",
                                      "x",
                                      "28",
                                      "28x30",
                                      "28x30x1x2",
                                      "28x31x1",
                                      "0x30x1",
                                      "28 x30x1",
                                      "28x30x",
                                      "28x30x1 ",
                                      "99999999999999999999x1x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_integers(bad[i], "xx", 1, 30, n));
}

/* Messages stay on one line whatever a file puts into them. */
static void test_messages(void **state) {
    (void)state;
    err e;
    assert_int_equal(err_set(&e, STATUS_BAD_FILE, "name %s", "a\n\x1b[31mb"), STATUS_BAD_FILE);
    assert_string_equal(e.message, "name a??[31mb");
    assert_int_equal(err_prefix(&e, STATUS_IO, "x\r%d", 3), STATUS_IO);
    assert_string_equal(e.message, "x?3: name a??[31mb");
    assert_int_equal(err_set(NULL, STATUS_USAGE, "nobody wants it"), STATUS_USAGE);
    char longest[2000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(err_prefix(&e, STATUS_IO, "%s", longest), STATUS_IO);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_unique),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
