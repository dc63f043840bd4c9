/* Strict JSON in, stable bytes out. */
#include "tests/support/test.h"

#include <math.h>

#include "core/bytes.h"
#include "core/json.h"

static err e;

static json *parse(const char *text) {
    json *j;
    assert_ok(json_parse(text, strlen(text), &j, &e), e);
    return j;
}

/* Writes in one line and compares; frees `j`. */
static void assert_text(json *j, const char *expected) {
    char *text = json_text(j, 0);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_free(j);
}

static void test_numbers(void **state) {
    (void)state;
    assert_text(json_new_real(0.41), "0.41");
    assert_text(json_new_real(1), "1.0");
    assert_text(json_new_real(-0.1), "-0.1");
    assert_text(json_new_real(1.0 / 3), "0.3333333333");
    assert_text(json_new_real(0.05f), "0.05000000075");
    assert_text(json_new_real(123456789012), "1.23456789e11");
    assert_text(json_new_real(1e-7), "1e-7");
    assert_text(json_new_real(NAN), "null");
    assert_text(json_new_real(-INFINITY), "null");
    assert_text(json_new_int(INT64_MIN), "-9223372036854775808");
    assert_text(json_new_int(1), "1");
}

static void test_building(void **state) {
    (void)state;
    json *object = json_new_object(), *array = json_new_array();
    assert_true(json_set_string(object, "z", "caf\xc3\xa9 \"\n"));
    assert_true(json_set_int(object, "a", 3));
    assert_true(json_set_real(object, "m", 0.5));
    assert_true(json_append(array, json_new_null()));
    assert_true(json_append(array, json_new_bool(false)));
    assert_true(json_set(object, "list", array));
    assert_true(json_set_bool(object, "yes", true));
    assert_true(json_set_int(object, "a", 4)); /* replaced in its place */
    assert_false(json_set_string(object, "bad", "\xff"));
    assert_false(json_set_int(object, "\xff", 1));
    assert_false(json_set(object, "nothing", NULL));
    assert_false(json_set_int(array, "not an object", 1));
    assert_false(json_append(object, json_new_int(1)));
    assert_text(object,
                "{\"z\":\"caf\xc3\xa9 \\\"\\n\",\"a\":4,\"m\":0.5,\"list\":[null,false],\"yes\":true}");
}

static void test_reading(void **state) {
    (void)state;
    json *j =
        parse("{\"s\": \"x\", \"i\": -7, \"r\": 2.5, \"b\": true, \"n\": null, \"a\": [1, 2], \"o\": {}}");
    assert_string_equal(json_as_string(json_get(j, "s")), "x");
    assert_null(json_as_string(json_get(j, "i")));
    assert_int_equal(json_as_int(json_get(j, "i"), 9), -7);
    assert_int_equal(json_as_int(json_get(j, "r"), 9), 9);
    assert_near(json_as_real(json_get(j, "r"), 9), 2.5, 0);
    assert_near(json_as_real(json_get(j, "i"), 9), -7, 0);
    assert_near(json_as_real(json_get(j, "absent"), 9), 9, 0);
    assert_true(json_as_bool(json_get(j, "b"), false));
    assert_true(json_as_bool(json_get(j, "n"), true));
    assert_true(json_is_null(json_get(j, "n")));
    assert_false(json_is_null(json_get(j, "absent")));
    assert_true(json_is_object(json_get(j, "o")) && json_is_array(json_get(j, "a")));
    assert_true(json_is_number(json_get(j, "i")) && json_is_number(json_get(j, "r")) && !json_is_number(j));
    assert_true(json_is_int(json_get(j, "i")) && !json_is_int(json_get(j, "r")));
    assert_true(json_is_bool(json_get(j, "b")) && json_is_string(json_get(j, "s")));
    assert_int_equal(json_count(j), 7);
    assert_int_equal(json_count(json_get(j, "a")), 2);
    assert_int_equal(json_count(json_get(j, "s")), 0);
    assert_int_equal(json_count(NULL), 0);
    assert_int_equal(json_as_int(json_at(json_get(j, "a"), 1), 0), 2);
    assert_null(json_at(json_get(j, "a"), 2));
    const char *keys = "sirbnao";
    for (void *i = json_first(j); i; i = json_next(j, i), keys++) {
        assert_int_equal(json_iterator_key(i)[0], *keys);
        assert_ptr_equal(json_iterator_value(i), json_get(j, json_iterator_key(i)));
    }
    assert_int_equal(*keys, '\0');
    json_free(j);
    json_free(NULL);
}

static void test_need(void **state) {
    (void)state;
    json *j = parse("{\"s\": \"x\", \"i\": 12, \"a\": [], \"o\": {}}"), *member;
    const char *text;
    int64_t whole;
    double real;
    assert_ok(json_need_string(j, "s", &text, &e), e);
    assert_ok(json_need_int(j, "i", 0, 12, &whole, &e), e);
    assert_ok(json_need_real(j, "i", &real, &e), e);
    assert_ok(json_need_array(j, "a", &member, &e), e);
    assert_ok(json_need_object(j, "o", &member, &e), e);
    assert_int_equal(json_need_string(j, "absent", &text, &e), STATUS_BAD_FILE);
    assert_string_equal(e.message, "\"absent\": expected a string, found nothing");
    assert_null(text);
    assert_int_equal(json_need_int(j, "i", 0, 11, &whole, &e), STATUS_BAD_FILE);
    assert_string_equal(e.message, "\"i\": expected 0..11, found 12");
    assert_int_equal(json_need_int(j, "s", 0, 11, &whole, &e), STATUS_BAD_FILE);
    assert_string_equal(e.message, "\"s\": expected an integer, found a string");
    assert_int_equal(json_need_real(j, "o", &real, &e), STATUS_BAD_FILE);
    assert_int_equal(json_need_array(j, "o", &member, &e), STATUS_BAD_FILE);
    assert_null(member);
    assert_int_equal(json_need_object(j, "a", &member, &e), STATUS_BAD_FILE);
    json_free(j);
}

static void test_bad(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{\"a\":1} x",
                                      "[1] [2]",
                                      "{\"a\":1,\"a\":2}",
                                      "[01]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[1e999]",
                                      "[9223372036854775808]",
                                      "['a']",
                                      "[\"a\nb\"]",
                                      "[\"\\u0000\"]",
                                      "[\"\\ud800\"]",
                                      "[\"\xff\"]",
                                      "// comment\n1",
                                      "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json *j;
        if (json_parse(bad[i], strlen(bad[i]), &j, &e) != STATUS_BAD_FILE) fail_msg("accepted: %s", bad[i]);
        assert_null(j);
        assert_non_null(strstr(e.message, "line "));
        assert_null(strchr(e.message, '\n'));
    }
    char deep[100000];
    memset(deep, '[', sizeof deep);
    json *j;
    assert_int_equal(json_parse(deep, sizeof deep, &j, &e), STATUS_BAD_FILE);
    assert_int_equal(json_parse("[1]\0", 4, &j, &e), STATUS_BAD_FILE);
}

static void test_files(void **state) {
    (void)state;
    json *j = parse("{\"a\": [1, 2.0]}");
    const char *path = temporary_path("x.json");
    assert_ok(json_write_file(j, path, 2, &e), e);
    bytes b;
    assert_ok(file_read(path, 1000, &b, &e), e);
    static const char expected[] = "{\n  \"a\": [\n    1,\n    2.0\n  ]\n}\n";
    assert_int_equal(b.size, sizeof expected - 1);
    assert_memory_equal(b.data, expected, b.size);
    bytes_free(&b);
    json_free(j);
    assert_ok(json_parse_file(path, &j, &e), e);
    assert_text(j, "{\"a\":[1,2.0]}");
    assert_int_equal(json_parse_file(temporary_path("absent"), &j, &e), STATUS_IO);
    assert_null(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_building), cmocka_unit_test(test_reading),
        cmocka_unit_test(test_need),    cmocka_unit_test(test_bad),      cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
