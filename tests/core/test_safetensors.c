/* The whole safetensors specification, and what we write. */
#include "tests/support/test.h"

#include <math.h>

#include "core/outfile.h"
#include "core/safetensors.h"

static err e;

/* A file with this header, of `length` bytes as it claims, and `n` bytes of data counting 0, 1, 2, ... */
static bytes make(const char *header, uint64_t length, size_t n) {
    size_t size = strlen(header);
    bytes b = {malloc(8 + size + n), 8 + size + n};
    for (int i = 0; i < 8; i++)
        b.data[i] = (uint8_t)(length >> 8 * i);
    memcpy(b.data + 8, header, size);
    for (size_t i = 0; i < n; i++)
        b.data[8 + size + i] = (uint8_t)i;
    return b;
}

static safetensors parse(const char *header, size_t n) {
    safetensors s;
    assert_ok(safetensors_parse(make(header, strlen(header), n), &s, &e), e);
    return s;
}

static void check_bad_file(bytes b, status expected, const char *message) {
    safetensors s;
    status found = safetensors_parse(b, &s, &e);
    if (found != expected || !strstr(e.message, message))
        fail_msg("%.*s: status %d, message \"%s\", expected \"%s\"", (int)(b.size < 8 ? 0 : b.size - 8),
                 (const char *)b.data + 8, found, e.message, message);
    assert_null(s.tensors);
    assert_null(s.header);
    assert_null(s.file.data); /* still the caller's */
    safetensors_free(&s);
    bytes_free(&b);
}

static void check_bad(const char *header, size_t n, const char *message) {
    check_bad_file(make(header, strlen(header), n), STATUS_BAD_FILE, message);
}

static void check_unsupported(const char *header, size_t n, const char *message) {
    check_bad_file(make(header, strlen(header), n), STATUS_UNSUPPORTED, message);
}

static void test_good(void **state) {
    (void)state;
    safetensors s = parse("{\"b\":{\"dtype\":\"U8\",\"shape\":[2,2],\"data_offsets\":[4,8]},"
                          "\"__metadata__\":{\"format\":\"pt\",\"empty\":\"\"},"
                          "\"none\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[4,4]},"
                          "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ",
                          8);
    assert_int_equal(s.n, 3);
    assert_string_equal(s.tensors[0].name, "b"); /* in the order of the header */
    const st_tensor *b = safetensors_find(&s, "b"), *a = safetensors_find(&s, "a");
    assert_string_equal(b->dtype, "U8");
    assert_true(b->rank == 2 && b->dims[0] == 2 && b->dims[1] == 2 && b->count == 4 && b->size == 4);
    assert_int_equal(b->data[0], 4);
    assert_true(a->rank == 0 && a->count == 1 && a->data[3] == 3);
    assert_int_equal(safetensors_find(&s, "none")->count, 0);
    assert_null(safetensors_find(&s, "__metadata__"));
    assert_string_equal(safetensors_metadata(&s, "format"), "pt");
    assert_string_equal(safetensors_metadata(&s, "empty"), "");
    assert_null(safetensors_metadata(&s, "absent"));
    safetensors_free(&s);
    s = parse("{}", 0);
    assert_int_equal(s.n, 0);
    assert_null(safetensors_metadata(&s, "format"));
    safetensors_free(&s);
}

#define TENSOR(name, dtype, shape, offsets)                                                                  \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_places(void **state) {
    (void)state;
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[3,7]") "}", 7,
              "\"b\" begins at byte 3 of the data, expected 4: an overlap");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[0,4]") "}", 4,
              "an overlap");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[1]", "[2,3]") "}", 4,
              "an overlap");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[4]", "[5,9]") "}", 9,
              "expected 4: a hole");
    check_bad("{" TENSOR("a", "U8", "[4]", "[1,5]") "}", 5, "expected 0: a hole");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[0]", "[2,2]") "}", 4,
              "an overlap");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "}", 5,
              "5 bytes of data, expected 4"); /* trailing bytes */
    check_bad("{}", 1, "1 bytes of data, expected 0");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4]") "}", 3, "data_offsets [0, 4], expected two of 0..3");
    check_bad("{" TENSOR("a", "U8", "[4]", "[4,0]") "}", 4, "data_offsets [4, 0]");
    check_bad("{" TENSOR("a", "U8", "[4]", "[-4,0]") "}", 4, "data_offsets [-4, 0]");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4,4]") "}", 4, "data_offsets [0, 4]");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0]") "}", 4, "data_offsets [0, -1]");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,4.0]") "}", 4, "data_offsets [0, -1]");
    check_bad("{" TENSOR("a", "U8", "[4]", "[0,9223372036854775807]") "}", 4,
              "data_offsets [0, 9223372036854775807]");
}

static void test_sizes(void **state) {
    (void)state;
    check_bad("{" TENSOR("a", "F32", "[4]", "[0,4]") "}", 4,
              "tensor \"a\": 4 bytes by its data_offsets, 16 by shape");
    check_bad("{" TENSOR("a", "U8", "[2,-2]", "[0,4]") "}", 4, "dimension 1 is not an integer >= 0");
    check_bad("{" TENSOR("a", "U8", "[4.0]", "[0,4]") "}", 4, "dimension 0");
    check_bad("{" TENSOR("a", "U8", "[4294967296,4294967296]", "[0,0]") "}", 0, "shape is too large");
    check_bad("{" TENSOR("a", "F64", "[2305843009213693952]", "[0,0]") "}", 0, "shape is too large");
    check_bad("{" TENSOR("a", "U8", "[0,4294967296,4294967296]", "[0,0]") "}", 0, "shape is too large");
    check_unsupported("{" TENSOR("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1,
                      "9 dimensions, expected at most 8");
    check_unsupported("{" TENSOR("a", "F4", "[1]", "[0,1]") "}", 1,
                      "tensor \"a\": dtype \"F4\" is not supported");
}

static void test_header(void **state) {
    (void)state;
    check_bad_file(make("{}", 4294967296, 0), STATUS_BAD_FILE,
                   "header of 4294967296 bytes, expected at most 2");
    check_bad_file(make("{}", UINT64_MAX, 0), STATUS_BAD_FILE, "header of 18446744073709551615 bytes");
    check_bad_file(make("{}", 3, 0), STATUS_BAD_FILE, "header of 3 bytes, expected at most 2");
    check_bad_file(make("", 0, 0), STATUS_BAD_FILE, "does not begin with '{'");
    check_bad(" {}", 0, "does not begin with '{'");
    check_bad("[]", 0, "does not begin with '{'");
    check_bad("{", 0, "header: line 1");
    check_bad("{} x", 0, "header: line 1");
    check_bad("{\"a\":1}", 0, "tensor \"a\": \"dtype\": expected a string, found nothing");
    check_bad("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0,
              "\"shape\": expected an array, found nothing");
    check_bad("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0,
              "\"data_offsets\": expected an array, found nothing");
    check_bad("{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("a", "U8", "[1]", "[0,1]") "}", 1,
              "duplicate");
    check_bad("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
              "duplicate");
    check_bad("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__: \"a\" is not a string");
    check_bad("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    for (size_t n = 0; n < 8; n++)
        check_bad_file((bytes){calloc(1, 8), n}, STATUS_BAD_FILE, "expected a header length");
}

static void test_read_file(void **state) {
    (void)state;
    safetensors s;
    const char *path = temporary_path("bad.bin");
    assert_ok(outfile_write(path, "\2\0\0\0\0\0\0\0[]", 10, &e), e);
    assert_int_equal(safetensors_read_file(path, &s, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "bad.bin: safetensors: header does not begin"));
    assert_int_equal(safetensors_read_file(temporary_path("absent"), &s, &e), STATUS_IO);
}

static void check_floats(const char *dtype, size_t item, const void *data, int n, const float *expected) {
    char header[200];
    snprintf(header, sizeof header, "{" TENSOR("a", "%s", "[%d]", "[0,%zu]") "}", dtype, n, item * (size_t)n);
    bytes file = make(header, strlen(header), item * (size_t)n);
    memcpy(file.data + 8 + strlen(header), data, item * (size_t)n);
    safetensors s;
    assert_ok(safetensors_parse(file, &s, &e), e);
    float out[16];
    assert_ok(st_tensor_floats(&s.tensors[0], out, &e), e);
    for (int i = 0; i < n; i++)
        if (memcmp(&out[i], &expected[i], 4) != 0)
            fail_msg("%s %d: %a, expected %a", dtype, i, out[i], expected[i]);
    safetensors_free(&s);
}

/* The float16 values of IEEE 754: smallest and largest, normal and subnormal, infinities, zeros. */
static void test_floats(void **state) {
    (void)state;
    static const uint16_t half[] = {0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00,
                                    0xc000, 0x7bff, 0x3555, 0x7c00, 0xfc00, 0x83ff};
    static const float half_values[] = {0,  -0.0f, 0x1p-24f,    0x1.ff8p-15f, 0x1p-14f,  1,
                                        -2, 65504, 0x1.554p-2f, INFINITY,     -INFINITY, -0x1.ff8p-15f};
    check_floats("F16", 2, half, 12, half_values);
    static const uint16_t brain[] = {0x0000, 0x3f80, 0xc000, 0x7f7f, 0x0080, 0x7f80, 0x4049};
    static const float brain_values[] = {0, 1, -2, 0x1.fep127f, 0x1p-126f, INFINITY, 3.140625f};
    check_floats("BF16", 2, brain, 7, brain_values);
    static const float single[] = {0.1f, -INFINITY, 0x1p-149f};
    check_floats("F32", 4, single, 3, single);
    static const double wide[] = {0.1, 1e300, -1e-300};
    check_floats("F64", 8, wide, 3, (const float[]){0.1f, INFINITY, -0.0f});
    safetensors s =
        parse("{" TENSOR("a", "F16", "[1]", "[0,2]") "," TENSOR("b", "I64", "[1]", "[2,10]") "}", 10);
    s.file.data[s.file.size - 10] = 1;
    s.file.data[s.file.size - 9] = 0x7e;
    float out;
    assert_ok(st_tensor_floats(&s.tensors[0], &out, &e), e);
    assert_true(isnan(out));
    assert_int_equal(st_tensor_floats(&s.tensors[1], &out, &e), STATUS_UNSUPPORTED);
    assert_string_equal(e.message, "tensor \"b\": dtype I64, expected F32, F64, F16 or BF16");
    safetensors_free(&s);
}

static const float weights[6] = {0.5f, -1, 2, 3, 4, NAN};
static const int64_t counter[1] = {1234567890123};
static const st_entry entries[] = {{"conv.weight", 4, {1, 2, 3, 1}, weights, NULL},
                                   {"bn.num_batches_tracked", 0, {0}, NULL, counter},
                                   {"bias", 1, {1}, weights, NULL}};

static void test_write(void **state) {
    (void)state;
    const char *path = temporary_path("x.safetensors");
    json *metadata = json_new_object();
    assert_true(json_set_string(metadata, "graph", "{\"nodes\": []}"));
    assert_ok(safetensors_write_file(path, entries, 3, metadata, &e), e);
    safetensors s;
    assert_ok(safetensors_read_file(path, &s, &e), e);
    assert_int_equal(s.n, 3);
    assert_string_equal(safetensors_metadata(&s, "graph"), "{\"nodes\": []}");
    for (int i = 0; i < 3; i++)
        assert_string_equal(s.tensors[i].name, entries[i].name);
    assert_memory_equal(s.tensors[0].data, weights, sizeof weights);
    assert_memory_equal(s.tensors[1].data, counter, sizeof counter);
    assert_memory_equal(s.tensors[2].data, weights, 4);
    assert_int_equal(s.tensors[0].dims[2], 3);
    assert_int_equal((s.tensors[1].data - s.file.data) % 64, 0); /* data begins aligned, and the ints first */
    bytes first;
    assert_ok(file_read(path, 100000, &first, &e), e);
    assert_ok(safetensors_write_file(path, entries, 3, metadata, &e), e);
    safetensors_free(&s);
    assert_ok(safetensors_read_file(path, &s, &e), e);
    assert_int_equal(first.size, s.file.size);
    assert_memory_equal(first.data, s.file.data, first.size);
    bytes_free(&first);
    safetensors_free(&s);
    json_free(metadata);
    for (int n = 0; n <= 3; n++) { /* every length of header */
        assert_ok(safetensors_write_file(path, entries, n, NULL, &e), e);
        assert_ok(safetensors_read_file(path, &s, &e), e);
        assert_int_equal(s.n, n);
        safetensors_free(&s);
    }
}

static void test_write_refuses(void **state) {
    (void)state;
    const char *path = temporary_path("refused");
    st_entry bad[2] = {entries[0], entries[0]};
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "refused: tensor \"conv.weight\": the name is taken"));
    bad[1].name = "__metadata__";
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    bad[1].name = "\xff";
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    bad[1] = (st_entry){"x", 1, {1}, NULL, NULL};
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    bad[1] = (st_entry){"x", 1, {-1}, weights, NULL};
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    bad[1] = (st_entry){"x", 9, {1}, weights, NULL};
    assert_int_equal(safetensors_write_file(path, bad, 2, NULL, &e), STATUS_USAGE);
    json *metadata = json_new_object();
    assert_true(json_set_int(metadata, "number", 1));
    assert_int_equal(safetensors_write_file(path, entries, 1, metadata, &e), STATUS_USAGE);
    json_free(metadata);
    safetensors s;
    assert_int_equal(safetensors_read_file(path, &s, &e), STATUS_IO); /* nothing was left behind */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),   cmocka_unit_test(test_places),        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_header), cmocka_unit_test(test_read_file),     cmocka_unit_test(test_floats),
        cmocka_unit_test(test_write),  cmocka_unit_test(test_write_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
