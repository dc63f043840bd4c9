/* .npy against arrays that numpy wrote, and against headers that no one should believe. */
#include "tests/support/test.h"

#include <math.h>

#include "core/npy.h"

static err e;

/* A version 1.0 file with this dictionary and `n` bytes of data. */
static bytes make(const char *dictionary, const void *data, size_t n) {
    size_t length = strlen(dictionary);
    bytes b = {malloc(10 + length + n), 10 + length + n};
    memcpy(b.data, "\x93NUMPY\1\0", 8);
    b.data[8] = (uint8_t)length;
    b.data[9] = (uint8_t)(length >> 8);
    memcpy(b.data + 10, dictionary, length);
    if (n) memcpy(b.data + 10 + length, data, n);
    return b;
}

static status parse(const char *dictionary, const void *data, size_t n, npy *out) {
    bytes b = make(dictionary, data, n);
    status s = npy_parse(b.data, b.size, out, &e);
    bytes_free(&b);
    return s;
}

static void test_versions(void **state) {
    (void)state;
    npy a;
    assert_ok(npy_read_file(source_path("tests/golden/npy/version2.npy"), &a, &e), e);
    assert_int_equal(a.type, NPY_I32);
    assert_int_equal(a.rank, 1);
    assert_int_equal(a.dims[0], 3);
    assert_int_equal(a.count, 3);
    for (int i = 0; i < 3; i++)
        assert_near(npy_number(&a, i), i, 0);
    npy_free(&a);
    bytes b = make("{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n", "\7", 1);
    assert_ok(npy_parse(b.data, b.size, &a, &e), e);
    assert_int_equal(a.rank, 0);
    assert_int_equal(a.count, 1);
    assert_near(npy_number(&a, 0), 7, 0);
    npy_free(&a);
    b.data[6] = 3;
    assert_int_equal(npy_parse(b.data, b.size, &a, &e), STATUS_UNSUPPORTED);
    assert_string_equal(e.message, "npy: format 3.0, expected 1.0 or 2.0");
    bytes_free(&b);
}

static void test_refused_types(void **state) {
    (void)state;
    static const struct {
        const char *file, *message;
    } cases[] = {{"tests/golden/npy/big_endian.npy", "big-endian"},
                 {"tests/golden/npy/objects.npy", "Python objects"},
                 {"tests/golden/npy/structured.npy", "structured types"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        npy a;
        assert_int_equal(npy_read_file(source_path(cases[i].file), &a, &e), STATUS_UNSUPPORTED);
        assert_non_null(strstr(e.message, cases[i].file));
        assert_non_null(strstr(e.message, cases[i].message));
        assert_null(a.data);
    }
}

static void test_types(void **state) {
    (void)state;
    npy a;
    const float f = -0.1f;
    const double d = 1e300;
    const int64_t l = -5;
    assert_ok(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", &f, 4, &a), e);
    assert_near(npy_number(&a, 0), -0.1f, 0);
    npy_free(&a);
    assert_ok(parse("{\"shape\":(1L,1),\"descr\":\"<f8\",\"fortran_order\":True}", &d, 8, &a),
              e); /* other orders */
    assert_near(npy_number(&a, 0), 1e300, 0);
    assert_int_equal(a.rank, 2);
    npy_free(&a);
    assert_ok(parse("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", &l, 8, &a), e);
    assert_near(npy_number(&a, 0), -5, 0);
    npy_free(&a);
    assert_ok(parse("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", "\0\1", 2, &a), e);
    assert_near(npy_number(&a, 0), 0, 0);
    assert_near(npy_number(&a, 1), 1, 0);
    npy_free(&a);
    assert_ok(parse("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", "abcd\0\0", 6, &a), e);
    assert_int_equal(a.type, NPY_BYTES);
    assert_int_equal(a.item_size, 3);
    assert_memory_equal(a.data, "abcd\0\0", 6);
    assert_true(isnan(npy_number(&a, 0)));
    npy_free(&a);
    assert_ok(parse("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", "a\0\0\0b\0\0\0", 8, &a), e);
    assert_int_equal(a.type, NPY_UNICODE);
    assert_int_equal(a.item_size, 8);
    npy_free(&a);
}

static void check_text(npy_type type, const void *data, int size, const char *expected) {
    npy a = {.type = type, .item_size = size, .count = 1, .data = (uint8_t *)data};
    arena memory = {0};
    const char *text = "";
    status s = npy_text(&a, 0, &memory, &text, &e);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_int_equal(s, STATUS_BAD_FILE);
    if (!expected) assert_null(text);
    arena_free(&memory);
}

static void test_text(void **state) {
    (void)state;
    check_text(NPY_BYTES, "ab\0\0", 4, "ab");
    check_text(NPY_BYTES, "abcd", 4, "abcd"); /* fills its width: no terminator in the file */
    check_text(NPY_BYTES, "\0\0", 2, "");
    check_text(NPY_BYTES, "a\0b\0", 4, NULL);
    check_text(NPY_BYTES, "\xff", 1, NULL);
    check_text(NPY_UNICODE, (uint32_t[]){0x7f, 0x80, 0x7ff, 0x800}, 16, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80");
    check_text(NPY_UNICODE, (uint32_t[]){0xffff, 0x10000, 0x10ffff, 0}, 16,
               "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    check_text(NPY_UNICODE, (uint32_t[]){'a', 0, 'b'}, 12, NULL);
    check_text(NPY_UNICODE, (uint32_t[]){0xd800}, 4, NULL);
    check_text(NPY_UNICODE, (uint32_t[]){0x110000}, 4, NULL);
    check_text(NPY_UNICODE, (uint32_t[]){0xffffffff}, 4, NULL);
    check_text(NPY_I32, "abcd", 4, NULL);
}

/* The element at (i, j, k) of a Fortran array stands at i + 2 (j + 3 k). */
static void test_fortran_order(void **state) {
    (void)state;
    uint8_t data[24];
    for (uint8_t n = 0; n < 24; n++)
        data[n] = n;
    npy a;
    assert_ok(parse("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }", data, 24, &a), e);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                assert_int_equal(a.data[(i * 3 + j) * 4 + k], i + 2 * (j + 3 * k));
    npy_free(&a);
    assert_ok(parse("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 0, 4), }", data, 0, &a), e);
    assert_int_equal(a.count, 0);
    npy_free(&a);
}

static void test_bad(void **state) {
    (void)state;
    static const struct {
        const char *dictionary;
        status expected;
        const char *message;
    } cases[] = {
        {"", STATUS_BAD_FILE, "not a dictionary"},
        {"{", STATUS_BAD_FILE, "not a dictionary"},
        {"{'descr'", STATUS_BAD_FILE, "not a dictionary"},
        {"{'descr': '<f4'", STATUS_BAD_FILE, "not a dictionary"},
        {"{'descr': '<f4}", STATUS_BAD_FILE, "descr is not a text"},
        {"{'descr': '<f4', 'fortran_order': False}", STATUS_BAD_FILE, "'shape' is missing"},
        {"{'fortran_order': False, 'shape': ()}", STATUS_BAD_FILE, "'descr' is missing"},
        {"{'descr': '<f4', 'shape': ()}", STATUS_BAD_FILE, "'fortran_order' is missing"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': ()}", STATUS_BAD_FILE, "'descr' is twice"},
        {"{'order': 3}", STATUS_BAD_FILE, "'order' is unknown"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", STATUS_BAD_FILE, "not a boolean"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", STATUS_BAD_FILE, "not a tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}", STATUS_BAD_FILE, "not a tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3", STATUS_BAD_FILE, "not a tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", STATUS_BAD_FILE, "not a number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", STATUS_BAD_FILE,
         "not a number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}", STATUS_BAD_FILE,
         "too large"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", STATUS_BAD_FILE,
         "too large"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}", STATUS_BAD_FILE,
         "too large"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", STATUS_UNSUPPORTED,
         "8 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", STATUS_BAD_FILE,
         "4 bytes of data, expected 3"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}", STATUS_BAD_FILE,
         "4 bytes of data, expected 5"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,)} x", STATUS_BAD_FILE,
         "behind the dictionary"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}", STATUS_UNSUPPORTED,
         "'<f2' is not supported"},
        {"{'descr': '|S0', 'fortran_order': False, 'shape': (2,)}", STATUS_UNSUPPORTED, "'|S0'"},
        {"{'descr': '<U99999999999', 'fortran_order': False, 'shape': (2,)}", STATUS_UNSUPPORTED,
         "'<U99999999999'"},
        {"{'descr': '<U1x', 'fortran_order': False, 'shape': (1,)}", STATUS_UNSUPPORTED, "'<U1x'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", STATUS_UNSUPPORTED, "Python objects"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        npy a;
        status s = parse(cases[i].dictionary, "1234", 4, &a);
        if (s != cases[i].expected || !strstr(e.message, cases[i].message))
            fail_msg("%s: status %d, message \"%s\", expected \"%s\"", cases[i].dictionary, s, e.message,
                     cases[i].message);
        assert_null(a.data);
        assert_int_equal(a.rank, 0);
    }
}

static void test_truncated(void **state) {
    (void)state;
    bytes b = make("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n", "1234", 4);
    for (size_t n = 0; n <= b.size; n++) {
        npy a;
        uint8_t *part = malloc(n + !n); /* of this size exactly, so that a sanitizer sees one byte too far */
        memcpy(part, b.data, n);
        status s = npy_parse(part, n, &a, &e);
        assert_int_equal(s, n == b.size ? STATUS_OK : STATUS_BAD_FILE);
        npy_free(&a);
        free(part);
    }
    npy a;
    uint8_t huge[] = "\x93NUMPY\2\0\xff\xff\xff\xff";
    assert_int_equal(npy_parse(huge, 12, &a, &e), STATUS_BAD_FILE);
    assert_string_equal(e.message, "npy: header of 4294967295 bytes, expected at most 65536");
    bytes_free(&b);
}

/* What we write has the bytes that numpy 1.24 writes. */
static void test_write(void **state) {
    (void)state;
    static const float data[6] = {0, 1, 2, 3, 4, 5};
    const char *path = temporary_path("x.npy");
    assert_ok(npy_write_file(path, NPY_F32, 2, (int64_t[]){2, 3}, data, &e), e);
    bytes b;
    assert_ok(file_read(path, 1000, &b, &e), e);
    assert_int_equal(b.size, 128 + sizeof data);
    static const char header[] =
        "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   ";
    assert_memory_equal(b.data, header, sizeof header - 1);
    assert_int_equal(b.data[127], '\n');
    assert_memory_equal(b.data + 128, data, sizeof data);
    npy a;
    assert_ok(npy_parse(b.data, b.size, &a, &e), e);
    assert_int_equal(a.type, NPY_F32);
    assert_int_equal(a.dims[1], 3);
    npy_free(&a);
    bytes_free(&b);
    int64_t most = INT64_MAX, many[NPY_MAX_RANK] = {most, 0, most, 0, most, 0, most, 0};
    assert_int_equal(npy_write_file(path, NPY_U8, 8, many, data, &e), STATUS_USAGE);
    assert_int_equal(npy_write_file(path, NPY_BYTES, 1, &most, data, &e), STATUS_USAGE);
    assert_int_equal(npy_write_file(path, NPY_U8, 9, many, data, &e), STATUS_USAGE);
    assert_int_equal(npy_write_file(path, NPY_U8, 1, (int64_t[]){-1}, data, &e), STATUS_USAGE);
    for (int rank = 0; rank <= NPY_MAX_RANK; rank++) {
        assert_ok(
            npy_write_file(path, NPY_F64, rank, (int64_t[8]){1, 1, 1, 1, 1, 1, 1, 1}, (double[]){2.5}, &e),
            e);
        assert_ok(npy_read_file(path, &a, &e), e);
        assert_int_equal(a.rank, rank);
        assert_near(npy_number(&a, 0), 2.5, 0);
        npy_free(&a);
    }
    assert_ok(npy_write_file(path, NPY_I64, 2, (int64_t[]){INT64_MAX / 8, 0}, NULL, &e), e);
    assert_ok(npy_read_file(path, &a, &e), e);
    assert_int_equal(a.dims[0], INT64_MAX / 8);
    npy_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),  cmocka_unit_test(test_refused_types), cmocka_unit_test(test_types),
        cmocka_unit_test(test_text),      cmocka_unit_test(test_fortran_order), cmocka_unit_test(test_bad),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
