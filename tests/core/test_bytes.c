/* Whole files with a cap, gzip, and the reader that cannot run over the end. */
#include "tests/support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/outfile.h"

static err e;

/* What gzip makes of `text`: a fixed header, raw deflate, checksum and size. */
static bytes gzip(const char *text, size_t size) {
    bytes raw, out = {0};
    assert_ok(deflate_bytes((const uint8_t *)text, size, &raw, &e), e);
    out.size = 10 + raw.size + 8;
    out.data = calloc(1, out.size);
    memcpy(out.data, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    memcpy(out.data + 10, raw.data, raw.size);
    uint32_t tail[2] = {crc32_of((const uint8_t *)text, size), (uint32_t)size};
    memcpy(out.data + 10 + raw.size, tail, sizeof tail);
    bytes_free(&raw);
    return out;
}

static const char *write_file(const char *name, const void *data, size_t size) {
    const char *path = temporary_path(name);
    assert_ok(outfile_write(path, data, size, &e), e);
    return path;
}

static void test_read(void **state) {
    (void)state;
    const char *path = write_file("plain", "hello", 5);
    bytes b;
    assert_ok(file_read(path, 5, &b, &e), e);
    assert_int_equal(b.size, 5);
    assert_memory_equal(b.data, "hello", 5);
    bytes_free(&b);
    assert_null(b.data);
    assert_ok(file_read_gz(path, 5, &b, &e), e);
    assert_memory_equal(b.data, "hello", 5);
    bytes_free(&b);
    assert_ok(file_read(write_file("empty", "", 0), 0, &b, &e), e);
    assert_int_equal(b.size, 0);
    bytes_free(&b);
}

static void test_refused_files(void **state) {
    (void)state;
    bytes b = {.size = 1};
    assert_int_equal(file_read(write_file("six", "123456", 6), 5, &b, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "has 6 bytes, expected at most 5"));
    assert_null(b.data);
    assert_int_equal(b.size, 0);
    assert_int_equal(file_read(temporary_path("absent"), 5, &b, &e), STATUS_IO);
    assert_non_null(strstr(e.message, "No such file"));
    assert_int_equal(file_read(temporary_folder(), 5, &b, NULL), STATUS_BAD_FILE);
    assert_int_equal(file_read("/dev/zero", 5, &b, NULL), STATUS_BAD_FILE);
    const char *fifo = temporary_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(file_read(fifo, 5, &b, NULL), STATUS_BAD_FILE); /* and does not wait for a writer */
}

static void test_gzip(void **state) {
    (void)state;
    /* printf hello | gzip -n9 */
    static const uint8_t hello[] = {0x1f, 0x8b, 0x08, 0, 0,    0,    0,    0,    0x02, 0x03, 0xcb, 0x48, 0xcd,
                                    0xc9, 0xc9, 0x07, 0, 0x86, 0xa6, 0x10, 0x36, 0x05, 0,    0,    0};
    uint8_t twice[2 * sizeof hello];
    memcpy(twice, hello, sizeof hello);
    memcpy(twice + sizeof hello, hello, sizeof hello);
    bytes b;
    assert_ok(file_read_gz(write_file("one.gz", hello, sizeof hello), 100, &b, &e), e);
    assert_int_equal(b.size, 5);
    assert_memory_equal(b.data, "hello", 5);
    bytes_free(&b);
    assert_ok(inflate_bytes(twice, sizeof twice, false, 10, &b, &e), e);
    assert_int_equal(b.size, 10);
    assert_memory_equal(b.data, "hellohello", 10);
    bytes_free(&b);
    for (size_t n = 0; n < sizeof hello; n++) {
        assert_int_equal(inflate_bytes(hello, n, false, 100, &b, &e), STATUS_BAD_FILE);
        assert_non_null(strstr(e.message, "truncated"));
        assert_null(b.data);
    }
    assert_int_equal(inflate_bytes(twice, sizeof hello + 3, false, 100, &b, &e), STATUS_BAD_FILE);
    memcpy(twice + sizeof hello, "junk", 4);
    assert_int_equal(inflate_bytes(twice, sizeof hello + 4, false, 100, &b, &e), STATUS_BAD_FILE);
    twice[sizeof hello - 8] ^= 1;
    assert_int_equal(inflate_bytes(twice, sizeof hello, false, 100, &b, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "incorrect data check"));
}

static void test_inflate_start(void **state) {
    (void)state;
    bytes packed = gzip((char[]){"hello, world"}, 12);
    uint8_t out[20] = {0};
    size_t got;
    assert_ok(inflate_start(packed.data, packed.size, out, 5, &got, &e), e);
    assert_int_equal(got, 5);
    assert_memory_equal(out, "hello\0", 6); /* and nothing behind the room */
    assert_ok(inflate_start(packed.data, packed.size, out, sizeof out, &got, &e), e);
    assert_int_equal(got, 12);
    assert_ok(inflate_start(packed.data, 4, out, sizeof out, &got, &e), e);
    assert_int_equal(got, 0);
    packed.data[10] ^= 6; /* the kind of the first block */
    assert_int_equal(inflate_start(packed.data, packed.size, out, 5, &got, &e), STATUS_BAD_FILE);
    bytes_free(&packed);
}

static void test_bomb(void **state) {
    (void)state;
    enum { MEGABYTES = 64 << 20 };
    char *zeros = calloc(1, MEGABYTES);
    bytes packed = gzip(zeros, MEGABYTES), b;
    free(zeros);
    assert_true(packed.size < MEGABYTES / 500);
    const char *path = write_file("bomb.gz", packed.data, packed.size);
    assert_int_equal(file_read_gz(path, 1 << 20, &b, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "bomb.gz: inflates to more than 1048576 bytes"));
    assert_null(b.data);
    assert_int_equal(inflate_bytes(packed.data, packed.size, false, MEGABYTES - 1, &b, &e), STATUS_BAD_FILE);
    assert_ok(inflate_bytes(packed.data, packed.size, false, MEGABYTES, &b, &e), e);
    assert_int_equal(b.size, MEGABYTES);
    bytes_free(&b);
    bytes_free(&packed);
}

static void test_deflate(void **state) {
    (void)state;
    enum { MOST = 300000 };
    uint8_t *data = malloc(MOST);
    uint32_t x = 1;
    for (int i = 0; i < MOST; i++)
        data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 65537, MOST};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bytes packed, back;
        assert_ok(deflate_bytes(data, sizes[i], &packed, &e), e);
        assert_ok(inflate_bytes(packed.data, packed.size, true, sizes[i], &back, &e), e);
        assert_int_equal(back.size, sizes[i]);
        assert_memory_equal(back.data, data, sizes[i]);
        bytes_free(&back);
        packed.data = realloc(packed.data, packed.size + 1);
        packed.data[packed.size] = 0;
        assert_int_equal(inflate_bytes(packed.data, packed.size + 1, true, MOST, &back, &e), STATUS_BAD_FILE);
        assert_non_null(strstr(e.message, "1 bytes behind the end"));
        bytes_free(&packed);
    }
    free(data);
    assert_int_equal(crc32_of((const uint8_t *)"123456789", 9), 0xcbf43926); /* the check value of CRC-32 */
}

static void test_reader(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    reader r = reader_of(data, sizeof data);
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u16le(&r), 0x0302);
    assert_int_equal(reader_u32be(&r), 0x04050607);
    assert_int_equal(reader_left(&r), 2);
    assert_int_equal(reader_u32le(&r), 0);
    assert_true(r.failed);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(reader_u8(&r), 0); /* once failed, always failed */
    r = reader_of(data, sizeof data);
    assert_true(reader_u64le(&r) == 0x0807060504030201);
    assert_ptr_equal(reader_take(&r, 1), data + 8);
    assert_non_null(reader_take(&r, 0));
    assert_null(reader_take(&r, SIZE_MAX));
    r = reader_of(data, sizeof data);
    assert_int_equal(reader_u32le(&r), 0x04030201);
    assert_null(reader_take(&r, SIZE_MAX - 1)); /* at + n wraps around */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),   cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_gzip),   cmocka_unit_test(test_inflate_start),
        cmocka_unit_test(test_bomb),   cmocka_unit_test(test_deflate),
        cmocka_unit_test(test_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
