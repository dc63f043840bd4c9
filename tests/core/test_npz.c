/* .npz from numpy, stored and deflated, our own read back, and archives that lie. */
#include "tests/support/test.h"

#include "core/npy.h"
#include "core/outfile.h"

static err e;

enum { CAP = 1 << 20 };

static bytes load(const char *path) {
    bytes b;
    assert_ok(file_read(path, CAP, &b, &e), e);
    return b;
}

static const npy *find(const npz *z, const char *name, npy_type type, int rank) {
    const npy *a = npz_find(z, name);
    if (!a) fail_msg("no array %s", name);
    assert_int_equal(a->type, type);
    assert_int_equal(a->rank, rank);
    return a;
}

static void assert_elements(const npy *a, const char *first, const char *second) {
    arena memory = {0};
    const char *text;
    assert_ok(npy_text(a, 0, &memory, &text, &e), e);
    assert_string_equal(text, first);
    assert_ok(npy_text(a, 1, &memory, &text, &e), e);
    assert_string_equal(text, second);
    arena_free(&memory);
}

/* The arrays of tests/golden/npy/stored.npz and deflated.npz. */
static void check_golden(const char *file) {
    npz z;
    assert_ok(npz_read_file(source_path(file), &z, &e), e);
    assert_int_equal(z.n, 9);
    const npy *a = find(&z, "images", NPY_U8, 3);
    assert_true(a->dims[0] == 2 && a->dims[1] == 3 && a->dims[2] == 4);
    for (int i = 0; i < 24; i++)
        assert_int_equal(a->data[i], i);
    a = find(&z, "labels", NPY_I64, 1);
    assert_near(npy_number(a, 0), 7, 0);
    assert_near(npy_number(a, 1), -1, 0);
    a = find(&z, "f32", NPY_F32, 2); /* in Fortran order in the file */
    for (int i = 0; i < 6; i++)
        assert_near(npy_number(a, i), i / 4.0, 0);
    assert_near(npy_number(find(&z, "f64", NPY_F64, 0), 0), 2.5, 0);
    assert_near(npy_number(find(&z, "i32", NPY_I32, 2), 1), -2, 0);
    assert_near(npy_number(find(&z, "flag", NPY_BOOL, 1), 0), 1, 0);
    a = find(&z, "name", NPY_UNICODE, 1);
    assert_int_equal(a->item_size, 12);
    assert_memory_equal(a->data + 12, "\xe9\0\0\0x\0\0\0\xac\x20\0\0", 12);
    assert_elements(a, "ab", "\xc3\xa9x\xe2\x82\xac");
    a = find(&z, "code", NPY_BYTES, 1);
    assert_elements(a, "xyz", "q");
    assert_memory_equal(a->data, "xyzq\0\0", 6);
    assert_int_equal(find(&z, "none", NPY_F32, 2)->count, 0);
    assert_null(npz_find(&z, "absent"));
    npz_free(&z);
    npz_free(&z);
}

static void test_numpy(void **state) {
    (void)state;
    check_golden("tests/golden/npy/stored.npz");
    check_golden("tests/golden/npy/deflated.npz");
}

static const float values[6] = {0, 1, 2, 3, 4, 5};
static const int64_t labels[2] = {-1, 7};
static const npz_entry entries[] = {{"x", NPY_F32, 2, {2, 3}, values},
                                    {"caf\xc3\xa9", NPY_I64, 1, {2}, labels}};

static void test_write(void **state) {
    (void)state;
    const char *path = temporary_path("x.npz"), *again = temporary_path("y.npz");
    assert_ok(npz_write_file(path, entries, 2, &e), e);
    assert_ok(npz_write_file(again, entries, 2, &e), e);
    bytes a = load(path), b = load(again);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    npz z;
    assert_ok(npz_parse(a.data, a.size, CAP, &z, &e), e);
    assert_int_equal(z.n, 2);
    assert_string_equal(z.names[1], "caf\xc3\xa9");
    assert_memory_equal(find(&z, "x", NPY_F32, 2)->data, values, sizeof values);
    assert_memory_equal(find(&z, "caf\xc3\xa9", NPY_I64, 1)->data, labels, sizeof labels);
    npz_free(&z);
    bytes_free(&a);
    bytes_free(&b);
    assert_ok(npz_write_file(path, NULL, 0, &e), e);
    assert_ok(npz_read_file(path, &z, &e), e);
    assert_int_equal(z.n, 0);
    npz_free(&z);
}

static void test_write_refuses(void **state) {
    (void)state;
    const char *path = temporary_path("bad.npz");
    npz_entry bad[2] = {entries[0], entries[0]};
    npz z;
    assert_int_equal(npz_write_file(path, bad, 2, &e), STATUS_BAD_FILE);
    bad[1].name = "";
    assert_int_equal(npz_write_file(path, bad, 2, &e), STATUS_USAGE);
    bad[1].name = "\xff";
    assert_int_equal(npz_write_file(path, bad, 2, &e), STATUS_USAGE);
    bad[1] = (npz_entry){"s", NPY_UNICODE, 0, {0}, values};
    assert_int_equal(npz_write_file(path, bad, 2, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "bad.npz: \"s\": npy: strings"));
    assert_int_equal(npz_read_file(path, &z, &e), STATUS_IO); /* nothing was left behind */
}

static void check_bad(const bytes *b, size_t cap, status expected, const char *message) {
    npz z;
    status s = npz_parse(b->data, b->size, cap, &z, &e);
    if (s != expected || !strstr(e.message, message))
        fail_msg("status %d, message \"%s\", expected %d, \"%s\"", s, e.message, expected, message);
    assert_null(z.names);
    assert_null(z.arrays);
    assert_int_equal(z.n, 0);
}

static void test_truncated(void **state) {
    (void)state;
    bytes b = load(source_path("tests/golden/npy/stored.npz"));
    for (size_t n = 0; n < b.size; n++) {
        bytes part = {malloc(n + !n), n};
        memcpy(part.data, b.data, n);
        check_bad(&part, CAP, STATUS_BAD_FILE, "");
        bytes_free(&part);
    }
    bytes_free(&b);
}

/* Where the zip directory of our own file of two entries begins. */
static size_t directory_of(const bytes *b) {
    const uint8_t *offset = b->data + b->size - 6;
    return (size_t)offset[0] | (size_t)offset[1] << 8 | (size_t)offset[2] << 16;
}

/* Changes bytes at `at`, expects the failure, changes them back. */
static void check_changed(bytes *b, size_t at, const char *change, size_t n, status expected,
                          const char *message) {
    uint8_t old[64];
    memcpy(old, b->data + at, n);
    memcpy(b->data + at, change, n);
    check_bad(b, CAP, expected, message);
    memcpy(b->data + at, old, n);
}

static void test_lies(void **state) {
    (void)state;
    const char *path = temporary_path("x.npz");
    assert_ok(npz_write_file(path, entries, 2, &e), e);
    bytes b = load(path);
    size_t directory = directory_of(&b), end = b.size - 22;
    check_changed(&b, directory, "X", 1, STATUS_BAD_FILE, "directory is damaged");
    check_changed(&b, directory + 8, "\1", 1, STATUS_UNSUPPORTED, "encrypted");
    check_changed(&b, directory + 10, "\14", 1, STATUS_UNSUPPORTED,
                  "\"x\": zip method 12, expected 0 (stored) or 8");
    check_changed(&b, directory + 10, "\0", 1, STATUS_BAD_FILE, "but the zip directory says 152");
    check_changed(&b, directory + 16, "abcd", 4, STATUS_BAD_FILE, "checksum is ");
    check_changed(&b, directory + 20, "\1\0", 2, STATUS_BAD_FILE, "truncated");
    check_changed(&b, directory + 20, "\0\1\1", 3, STATUS_BAD_FILE, "no local header");
    check_changed(&b, directory + 24, "\227", 1, STATUS_BAD_FILE, "inflates to more than 151 bytes");
    check_changed(&b, directory + 24, "\231", 1, STATUS_BAD_FILE,
                  "152 bytes, but the zip directory says 153");
    check_changed(&b, directory + 24, "\377\377\377\377", 4, STATUS_UNSUPPORTED, "zip64");
    check_changed(&b, directory + 42, "\1", 1, STATUS_BAD_FILE, "no local header at byte 1");
    check_changed(&b, directory + 42, "\377\377\377\176", 4, STATUS_BAD_FILE, "no local header");
    check_changed(&b, directory + 46, "y", 1, STATUS_BAD_FILE, "another name");
    check_changed(&b, directory + 46, "\0", 1, STATUS_BAD_FILE, "not UTF-8");
    check_changed(&b, directory + 48, "m", 1, STATUS_BAD_FILE, "is not an .npy");
    check_changed(&b, end + 4, "\1", 1, STATUS_UNSUPPORTED, "several volumes");
    check_changed(&b, end + 8, "\1\0\1\0", 4, STATUS_BAD_FILE, "more entries than it says");
    check_changed(&b, end + 8, "\3\0\3\0", 4, STATUS_BAD_FILE, "3 entries in a directory");
    check_changed(&b, end + 8, "\377\377\377\377", 4, STATUS_UNSUPPORTED, "zip64");
    check_changed(&b, end + 12, "\1", 1, STATUS_BAD_FILE, "expected to end at");
    check_changed(&b, end + 20, "\1", 1, STATUS_BAD_FILE, "zip directory");
    npz z;
    assert_ok(npz_parse(b.data, b.size, CAP, &z, &e), e); /* and unchanged it is fine */
    npz_free(&z);
    bytes_free(&b);
}

static void test_duplicate(void **state) {
    (void)state;
    npz_entry two[2] = {entries[0], entries[0]};
    two[1].name = "y";
    const char *path = temporary_path("x.npz");
    assert_ok(npz_write_file(path, two, 2, &e), e);
    bytes b = load(path);
    for (size_t i = 0; i + 5 <= b.size; i++)
        if (memcmp(b.data + i, "y.npy", 5) == 0) b.data[i] = 'x';
    check_bad(&b, CAP, STATUS_BAD_FILE, "npz: name \"x\" occurs twice");
    bytes_free(&b);
}

static void test_bomb(void **state) {
    (void)state;
    enum { SIZE = 8 << 20 };
    void *zeros = calloc(1, SIZE);
    npz_entry two[2] = {{"a", NPY_U8, 1, {SIZE}, zeros}, {"b", NPY_U8, 1, {SIZE}, zeros}};
    const char *path = temporary_path("bomb.npz");
    assert_ok(npz_write_file(path, two, 2, &e), e);
    free(zeros);
    bytes b = load(path);
    assert_true(b.size < SIZE / 100);
    check_bad(&b, SIZE / 2, STATUS_BAD_FILE, "\"a\": inflates to more than 4194304 bytes");
    check_bad(&b, SIZE + 4096, STATUS_BAD_FILE, "\"b\": inflates to more than");
    npz z;
    assert_ok(npz_parse(b.data, b.size, 2 * (SIZE + 128), &z, &e), e);
    npz_free(&z);
    bytes_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numpy),     cmocka_unit_test(test_write), cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_lies),  cmocka_unit_test(test_duplicate),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
