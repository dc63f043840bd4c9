/* Bytes from hostile files: whole files with a cap, gzip undone, and a reader that cannot run over the end. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

void bytes_free(bytes *b); /* frees and zeroes */

/* Reads a whole file of at most `cap` bytes; a larger one, a directory or a device fails without reading on. */
MUST_CHECK status file_read(const char *path, size_t cap, bytes *out, err *e);

/* The first bytes of a file: *got is `room`, or less where the file is shorter. */
MUST_CHECK status file_start(const char *path, void *out, size_t room, size_t *got, err *e);

/* As file_read, and where the content begins with the gzip magic it is inflated (concatenated members too). `cap` bounds the
 * inflated size: a gz bomb stops there. */
MUST_CHECK status file_read_gz(const char *path, size_t cap, bytes *out, err *e);

/* Inflates gzip (or, with raw = true, a raw deflate stream as in zip files) of unknown size up to `cap`. */
MUST_CHECK status inflate_bytes(const uint8_t *data, size_t size, bool raw, size_t cap, bytes *out, err *e);

/* The first bytes that gzip data inflates to, so that a header can say how much more to expect: *got is `room`, or less where the
 * data ends before. */
MUST_CHECK status inflate_start(const uint8_t *data, size_t size, uint8_t *out, size_t room, size_t *got, err *e);

/* Deflates as a raw stream; used for npz. */
MUST_CHECK status deflate_bytes(const uint8_t *data, size_t size, bytes *out, err *e);

uint32_t crc32_of(const uint8_t *data, size_t size);

/* A cursor. After the first read over the end every read gives 0 and `failed` stays true: check it once per record. */
typedef struct reader {
    const uint8_t *data;
    size_t size, at;
    bool failed;
} reader;

reader reader_of(const void *data, size_t size);
size_t reader_left(const reader *r);
const uint8_t *reader_take(reader *r, size_t n); /* n bytes in place, NULL when fewer are left */
uint8_t reader_u8(reader *r);
uint16_t reader_u16le(reader *r);
uint32_t reader_u32le(reader *r);
uint64_t reader_u64le(reader *r);
uint32_t reader_u32be(reader *r);

#endif
