/* The one file that includes zlib. */
#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* input buffers are const */
#include <zlib.h>

#include "core/bytes.h"

enum { GZIP_WINDOW = MAX_WBITS + 16, RAW_WINDOW = -MAX_WBITS, FIRST_ROOM = 1 << 16 };

/* zlib counts in unsigned int: long buffers go through in pieces. */
static uInt piece(size_t left) {
    return left < UINT_MAX ? (uInt)left : UINT_MAX;
}

/* Doubles the room for output, to at most `limit`; false when memory is out. */
static bool grow(bytes *out, size_t *room, size_t limit) {
    size_t larger = *room == 0 ? FIRST_ROOM : *room > limit / 2 ? limit : 2 * *room;
    if (larger > limit) larger = limit;
    uint8_t *data = realloc(out->data, larger);
    if (!data) return false;
    out->data = data;
    *room = larger;
    return true;
}

static status inflate_all(z_stream *z, size_t left, bool raw, size_t cap, bytes *out, err *e) {
    size_t room = 0, limit = cap < SIZE_MAX ? cap + 1 : cap; /* one byte more shows that there is more */
    for (int code = Z_OK; code != Z_STREAM_END || left > 0;) {
        if (code == Z_STREAM_END && (raw || inflateReset(z) != Z_OK))
            return err_set(e, STATUS_BAD_FILE, "%zu bytes behind the end of the deflated data", left);
        if (out->size == room && !grow(out, &room, limit))
            return err_set(e, STATUS_NO_MEMORY, "out of memory");
        uInt in = z->avail_in = piece(left);
        uInt free_room = z->avail_out = piece(room - out->size);
        z->next_out = out->data + out->size;
        code = inflate(z, Z_NO_FLUSH);
        left -= in - z->avail_in;
        out->size += free_room - z->avail_out;
        if (out->size > cap) return err_set(e, STATUS_BAD_FILE, "inflates to more than %zu bytes", cap);
        bool starved = code == Z_BUF_ERROR || (code == Z_OK && left == 0 && z->avail_out > 0);
        if (starved)
            return err_set(e, STATUS_BAD_FILE, "deflated data is truncated after %zu inflated bytes",
                           out->size);
        if (code == Z_MEM_ERROR) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        if (code != Z_OK && code != Z_STREAM_END)
            return err_set(e, STATUS_BAD_FILE, "deflated data is damaged after %zu inflated bytes: %s",
                           out->size, z->msg ? z->msg : "no deflate stream");
    }
    return STATUS_OK;
}

status inflate_bytes(const uint8_t *data, size_t size, bool raw, size_t cap, bytes *out, err *e) {
    *out = (bytes){0};
    z_stream z = {0};
    if (inflateInit2(&z, raw ? RAW_WINDOW : GZIP_WINDOW) != Z_OK)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    z.next_in = data;
    status s = inflate_all(&z, size, raw, cap, out, e);
    inflateEnd(&z);
    if (s != STATUS_OK) bytes_free(out);
    return s;
}

status inflate_start(const uint8_t *data, size_t size, uint8_t *out, size_t room, size_t *got, err *e) {
    *got = 0;
    z_stream z = {0};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = piece(size);
    z.next_out = out;
    uInt asked = z.avail_out = piece(room);
    int code = inflate(&z, Z_SYNC_FLUSH);
    *got = asked - z.avail_out;
    inflateEnd(&z);
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "deflated data is damaged at its beginning");
}

static int deflate_all(z_stream *z, size_t left, size_t room, bytes *out) {
    int code = Z_OK;
    while (code == Z_OK) {
        uInt in = z->avail_in = piece(left);
        uInt free_room = z->avail_out = piece(room - out->size);
        z->next_out = out->data + out->size;
        code = deflate(z, in == left ? Z_FINISH : Z_NO_FLUSH);
        left -= in - z->avail_in;
        out->size += free_room - z->avail_out;
    }
    return code;
}

status deflate_bytes(const uint8_t *data, size_t size, bytes *out, err *e) {
    *out = (bytes){0};
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    z.next_in = data;
    size_t room = deflateBound(&z, size);
    out->data = malloc(room);
    int code = out->data ? deflate_all(&z, size, room, out) : Z_MEM_ERROR;
    deflateEnd(&z);
    if (code == Z_STREAM_END) return STATUS_OK;
    bytes_free(out);
    return code == Z_MEM_ERROR
               ? err_set(e, STATUS_NO_MEMORY, "out of memory to deflate %zu bytes", size)
               : err_set(e, STATUS_INTERNAL, "cannot deflate %zu bytes: zlib code %d", size, code);
}

uint32_t crc32_of(const uint8_t *data, size_t size) {
    return (uint32_t)crc32_z(0, data, size);
}
