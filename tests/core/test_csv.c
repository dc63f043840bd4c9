/* CSV as in RFC 4180. */
#include "tests/support/test.h"

#include "core/csv.h"
#include "core/outfile.h"

static err e;

static void parse(const char *text, csv *out) {
    assert_ok(csv_parse(text, strlen(text), 0, out, &e), e);
}

/* `expected`: the header and the cells, in order. */
static void check(const char *text, int rows, int columns, const char *const *expected) {
    csv c;
    parse(text, &c);
    assert_int_equal(c.n_rows, rows);
    assert_int_equal(c.n_columns, columns);
    for (int i = 0; i < columns; i++)
        assert_string_equal(c.header[i], expected[i]);
    for (int i = 0; i < rows * columns; i++)
        assert_string_equal(c.cells[i], expected[columns + i]);
    csv_free(&c);
}

static void check_bad(const char *text, size_t size, const char *message) {
    csv c;
    status s = csv_parse(text, size, 0, &c, &e);
    if (s != STATUS_BAD_FILE || !strstr(e.message, message))
        fail_msg("%s: status %d, message \"%s\", expected \"%s\"", text, s, e.message, message);
    assert_null(c.header);
    assert_int_equal(c.n_rows, 0);
    csv_free(&c);
}

#define CHECK(text, rows, columns, ...) check(text, rows, columns, (const char *const[]){__VA_ARGS__})
#define CHECK_BAD(text, message) check_bad(text, sizeof(text) - 1, message)

static void test_rfc4180(void **state) {
    (void)state;
    CHECK("a,b\r\naaa,bbb\r\nzzz,yyy\r\n", 2, 2, "a", "b", "aaa", "bbb", "zzz", "yyy");
    CHECK("a,b\r\naaa,bbb\r\nzzz,yyy", 2, 2, "a", "b", "aaa", "bbb", "zzz", "yyy"); /* no break at the end */
    CHECK("a,b\n\"aaa\",\"b\r\nbb\"\n", 1, 2, "a", "b", "aaa", "b\r\nbb");
    CHECK("a\n\"b\"\"bb\"\n", 1, 1, "a", "b\"bb");
    CHECK("a\n\"\"\"\"", 1, 1, "a", "\"");
    CHECK("a,b\n\"\",\"x,\"\"y\"\"\"\n", 1, 2, "a", "b", "", "x,\"y\"");
    CHECK("a,b\n x , y\n", 1, 2, "a", "b", " x ", " y"); /* spaces belong to the field */
    CHECK("a,b\n,\n", 1, 2, "a", "b", "", "");
    CHECK("a,b\n1,", 1, 2, "a", "b", "1", "");
    CHECK("\"a\"\"\",\"b,c\"\n1,2", 1, 2, "a\"", "b,c", "1", "2");
}

static void test_beyond(void **state) {
    (void)state;
    CHECK("\xef\xbb\xbf"
          "a,b\n1,2\n",
          1, 2, "a", "b", "1", "2");
    CHECK("a\tb\n1,5\t2\n", 1, 2, "a", "b", "1,5", "2");
    CHECK("a,b\tc\n1,2\n", 1, 2, "a", "b\tc", "1", "2");
    CHECK("a,b\n\n1,2\r\n\r\n3,4\n\n\n", 2, 2, "a", "b", "1", "2", "3", "4");
    CHECK("a\n1\n\n2\n", 3, 1, "a", "1", "", "2"); /* with one column a blank line is an empty field */
    CHECK("a,b", 0, 2, "a", "b");
    CHECK("name\nJos\xc3\xa9\n", 1, 1, "name", "Jos\xc3\xa9");
}

static void test_lines_and_columns(void **state) {
    (void)state;
    csv c;
    parse("a,b\n1,\"2\n3\"\n\n4,5\n", &c);
    assert_int_equal(c.n_rows, 2);
    assert_int_equal(c.lines[0], 2);
    assert_int_equal(c.lines[1], 5);
    assert_int_equal(csv_column(&c, "b"), 1);
    assert_int_equal(csv_column(&c, "c"), -1);
    csv_free(&c);
    csv_free(&c);
}

static void test_bad(void **state) {
    (void)state;
    CHECK_BAD("", "empty");
    CHECK_BAD("\xef\xbb\xbf", "empty");
    CHECK_BAD("a,b\n1,2\n3\n", "line 3: 1 fields, expected 2");
    CHECK_BAD("a,b\n1,2,3\n", "line 2: 3 fields, expected 2");
    CHECK_BAD("a,b\n\"\"\n", "line 2: 1 fields, expected 2");
    CHECK_BAD("a,b\n1,\"2\n3,4\n", "line 2: a quoted field is not closed");
    CHECK_BAD("a\n\"", "line 2: a quoted field is not closed");
    CHECK_BAD("a,b\n1,\"2\n3\"x\n", "line 3: text behind a closing quote");
    CHECK_BAD("a,b\n1, \"2\"\n", "line 2: a quote inside a field");
    CHECK_BAD("a,b\n1\r,2\n", "line 2: a carriage return inside a field");
    CHECK_BAD("a,b\n1,2\r", "line 2: a carriage return inside a field");
    CHECK_BAD("a,b\n1,\0\n", "line 2: a NUL byte");
    CHECK_BAD("a,b\n1,2\n1,\xe9\n", "line 3: not UTF-8");
    CHECK_BAD("a,b,a\n1,2,3\n", "line 1: column \"a\" occurs twice");
}

static void test_too_many_columns(void **state) {
    (void)state;
    enum { COMMAS = 70000 };
    char *text = malloc(COMMAS);
    memset(text, ',', COMMAS);
    check_bad(text, COMMAS, "70001 columns, expected at most 65536");
    free(text);
}

static void test_file(void **state) {
    (void)state;
    csv c;
    assert_ok(outfile_write(temporary_path("x.csv"), "a\n1\n", 4, &e), e);
    assert_ok(csv_read_file(temporary_path("x.csv"), &c, &e), e);
    assert_string_equal(c.cells[0], "1");
    csv_free(&c);
    assert_ok(outfile_write(temporary_path("x.csv"), "a,b\n1\n", 6, &e), e);
    assert_int_equal(csv_read_file(temporary_path("x.csv"), &c, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "x.csv: line 2: "));
}

/* What csv_put writes is read back. */
static void test_put(void **state) {
    (void)state;
    static const char *const texts[] = {"plain",      "",   "a,b",       "say \"hi\"",
                                        "two\nlines", "\r", "tab\there", " spaces "};
    enum { N = sizeof texts / sizeof *texts };
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    fputs("first,second\n", file);
    for (int i = 0; i < N; i++) {
        csv_put(file, texts[i]);
        putc(',', file);
        csv_put(file, texts[N - 1 - i]);
        putc('\n', file);
    }
    fclose(file);
    assert_non_null(strstr(text, "\nplain, spaces \n"));
    assert_non_null(strstr(text, "\"say \"\"hi\"\"\""));
    csv c;
    parse(text, &c);
    assert_int_equal(c.n_rows, N);
    for (int i = 0; i < N; i++) {
        assert_string_equal(c.cells[2 * i], texts[i]);
        assert_string_equal(c.cells[2 * i + 1], texts[N - 1 - i]);
    }
    csv_free(&c);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4180),
        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_lines_and_columns),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
