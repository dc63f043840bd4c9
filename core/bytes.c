#include "core/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes_internal.h"

void bytes_free(bytes *b) {
    free(b->data);
    *b = (bytes){0};
}

status file_open(const char *path, int *descriptor, uint64_t *size, err *e) {
    *descriptor = -1;
    *size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return err_set(e, STATUS_IO, "%s: cannot open: %s", path, strerror(errno));
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return err_set(e, STATUS_BAD_FILE, "%s: is %s, expected a file", path,
                       S_ISDIR(info.st_mode) ? "a folder" : "a pipe or device");
    }
    *descriptor = fd;
    *size = (uint64_t)info.st_size;
    return STATUS_OK;
}

status file_fill(int descriptor, const char *path, void *buffer, size_t size, size_t *got, err *e) {
    *got = 0;
    while (*got < size) {
        ssize_t n = read(descriptor, (char *)buffer + *got, size - *got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return err_set(e, STATUS_IO, "%s: cannot read at byte %zu: %s", path, *got, strerror(errno));
        if (n == 0) break;
        *got += (size_t)n;
    }
    return STATUS_OK;
}

/* Reads `size` bytes of an open file into fresh memory. */
static status read_all(int descriptor, const char *path, size_t size, bytes *out, err *e) {
    out->data = malloc(size ? size : 1);
    if (!out->data) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory for %zu bytes", path, size);
    status s = file_fill(descriptor, path, out->data, size, &out->size, e);
    if (s == STATUS_OK && out->size < size)
        s = err_set(e, STATUS_IO, "%s: shrank while being read: %zu bytes, expected %zu", path, out->size,
                    size);
    if (s != STATUS_OK) bytes_free(out);
    return s;
}

status file_read(const char *path, size_t cap, bytes *out, err *e) {
    *out = (bytes){0};
    int descriptor;
    uint64_t size;
    status s = file_open(path, &descriptor, &size, e);
    if (s != STATUS_OK) return s;
    if (size > cap)
        s = err_set(e, STATUS_BAD_FILE, "%s: has %" PRIu64 " bytes, expected at most %zu", path, size, cap);
    else
        s = read_all(descriptor, path, (size_t)size, out, e);
    close(descriptor);
    return s;
}

status file_start(const char *path, void *out, size_t room, size_t *got, err *e) {
    *got = 0;
    int descriptor;
    uint64_t size;
    status s = file_open(path, &descriptor, &size, e);
    if (s != STATUS_OK) return s;
    s = file_fill(descriptor, path, out, room, got, e);
    close(descriptor);
    return s;
}

status file_read_gz(const char *path, size_t cap, bytes *out, err *e) {
    status s = file_read(path, cap, out, e);
    if (s != STATUS_OK || out->size < 2 || out->data[0] != 0x1f || out->data[1] != 0x8b) return s;
    bytes packed = *out;
    s = inflate_bytes(packed.data, packed.size, false, cap, out, e);
    bytes_free(&packed);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

reader reader_of(const void *data, size_t size) {
    return (reader){.data = data, .size = size};
}

size_t reader_left(const reader *r) {
    return r->failed ? 0 : r->size - r->at;
}

const uint8_t *reader_take(reader *r, size_t n) {
    if (r->failed || n > r->size - r->at) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *taken = r->data + r->at;
    r->at += n;
    return taken;
}

static uint64_t little_endian(reader *r, int n) {
    const uint8_t *b = reader_take(r, (size_t)n);
    uint64_t value = 0;
    for (int i = n - 1; b && i >= 0; i--)
        value = value << 8 | b[i];
    return value;
}

uint8_t reader_u8(reader *r) {
    return (uint8_t)little_endian(r, 1);
}

uint16_t reader_u16le(reader *r) {
    return (uint16_t)little_endian(r, 2);
}

uint32_t reader_u32le(reader *r) {
    return (uint32_t)little_endian(r, 4);
}

uint64_t reader_u64le(reader *r) {
    return little_endian(r, 8);
}

uint32_t reader_u32be(reader *r) {
    const uint8_t *b = reader_take(r, 4);
    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}
