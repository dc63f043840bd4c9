#include "tests/support/data_files.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "core/bytes.h"
#include "datasets/image.h"
#include "tests/support/test.h"

const char *make_folder(const char *name) {
    const char *path = temporary_path(name);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) fail_msg("cannot make the folder %s", path);
    return path;
}

const char *make_file(const char *name, const void *data, size_t size) {
    const char *path = temporary_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) fail_msg("cannot write %s", path);
    return path;
}

const char *make_text(const char *name, const char *text) {
    return make_file(name, text, strlen(text));
}

static uint8_t *put_u32(uint8_t *to, uint32_t value, bool big_endian) {
    for (int i = 0; i < 4; i++)
        *to++ = (uint8_t)(value >> 8 * (big_endian ? 3 - i : i));
    return to;
}

const char *make_gzip(const char *name, const void *data, size_t size) {
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    bytes packed;
    err e;
    assert_ok(deflate_bytes(data, size, &packed, &e), e);
    uint8_t *whole = malloc(packed.size + 18), *to = whole;
    assert_non_null(whole);
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, packed.data, packed.size);
    to = put_u32(to + sizeof head + packed.size, crc32_of(data, size), false);
    to = put_u32(to, (uint32_t)size, false);
    const char *path = make_file(name, whole, (size_t)(to - whole));
    free(whole);
    bytes_free(&packed);
    return path;
}

const char *make_idx(const char *name, int rank, const uint32_t *dims, const uint8_t *data, size_t size) {
    size_t head = 4 + 4 * (size_t)rank;
    uint8_t *whole = malloc(head + size), *to = whole;
    assert_non_null(whole);
    to = put_u32(to, 0x00000800u | (uint32_t)rank, true);
    for (int i = 0; i < rank; i++)
        to = put_u32(to, dims[i], true);
    if (size) memcpy(to, data, size);
    const char *path = make_file(name, whole, head + size);
    free(whole);
    return path;
}

const char *make_idx_labels(const char *name, const uint8_t *labels, uint32_t n) {
    return make_idx(name, 1, &n, labels, n);
}

const char *make_png(const char *name, const uint8_t *pixels, int h, int w, int c) {
    const char *path = temporary_path(name);
    err e;
    assert_ok(image_write_png(path, pixels, (shape){h, w, c}, &e), e);
    return path;
}
