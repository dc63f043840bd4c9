/* Reading .npz. The sizes, checksums and methods in the central directory count: numpy writes zip64
 * placeholders into the local headers of every archive. Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3
 * and 4.4. */
#include <stdlib.h>
#include <string.h>

#include "core/npy.h"
#include "core/text.h"

enum { END_SIZE = 22, COMMENT_MAX = 0xffff, CENTRAL_SIZE = 46, LOCAL_SIZE = 30 };
enum { STORED = 0, DEFLATED = 8, FLAG_ENCRYPTED = 1, IS_ZIP64 = 0xffff };
static const uint32_t end_magic = 0x06054b50, central_magic = 0x02014b50, local_magic = 0x04034b50,
                      zip64 = 0xffffffff;
static const size_t file_cap = (size_t)8 << 30;

/* The fields of the central directory that matter. */
typedef struct member {
    const char *name; /* not terminated */
    size_t name_length;
    unsigned flags, method;
    uint32_t crc, packed_size, size, offset;
} member;

static size_t find_end(const uint8_t *data, size_t size) {
    for (size_t back = END_SIZE; back <= size && back <= END_SIZE + COMMENT_MAX; back++) {
        reader r = reader_of(data + size - back, back);
        if (reader_u32le(&r) == end_magic) return size - back;
    }
    return SIZE_MAX;
}

/* Places a reader on the central directory. */
static status open_directory(const uint8_t *data, size_t size, reader *directory, int *n, err *e) {
    *directory = (reader){0};
    *n = 0;
    size_t end = find_end(data, size);
    if (end == SIZE_MAX)
        return err_set(e, STATUS_BAD_FILE, "not an npz file, or truncated: no end of zip directory");
    reader r = reader_of(data + end, size - end);
    reader_take(&r, 4);
    unsigned disk = reader_u16le(&r), first_disk = reader_u16le(&r), here = reader_u16le(&r),
             total = reader_u16le(&r);
    size_t length = reader_u32le(&r), offset = reader_u32le(&r), comment = reader_u16le(&r);
    if (total == IS_ZIP64 || length == zip64 || offset == zip64)
        return err_set(e, STATUS_UNSUPPORTED, "npz: zip64 archives are not supported");
    if (disk || first_disk || here != total)
        return err_set(e, STATUS_UNSUPPORTED, "npz: zip of several volumes");
    if (comment != reader_left(&r) || offset > end || length != end - offset)
        return err_set(e, STATUS_BAD_FILE,
                       "npz: zip directory of %zu bytes at %zu, expected to end at byte %zu", length, offset,
                       end);
    *directory = reader_of(data + offset, length);
    *n = (int)total;
    return STATUS_OK;
}

static status read_member(reader *r, member *m, err *e) {
    uint32_t magic = reader_u32le(r);
    reader_take(r, 4); /* versions */
    m->flags = reader_u16le(r);
    m->method = reader_u16le(r);
    reader_take(r, 4); /* time and date */
    m->crc = reader_u32le(r);
    m->packed_size = reader_u32le(r);
    m->size = reader_u32le(r);
    m->name_length = reader_u16le(r);
    size_t behind = reader_u16le(r);
    behind += reader_u16le(r);
    reader_take(r, 8); /* volume and attributes */
    m->offset = reader_u32le(r);
    m->name = (const char *)reader_take(r, m->name_length);
    reader_take(r, behind);
    if (r->failed || magic != central_magic)
        return err_set(e, STATUS_BAD_FILE, "npz: zip directory is damaged");
    return STATUS_OK;
}

/* "images.npy" gives "images". */
static status copy_name(const member *m, char **out, err *e) {
    size_t n = m->name_length;
    if (!text_is_utf8(m->name, n) || memchr(m->name, '\0', n))
        return err_set(e, STATUS_BAD_FILE, "npz: a name is not UTF-8");
    if (n < 5 || memcmp(m->name + n - 4, ".npy", 4) != 0)
        return err_set(e, STATUS_BAD_FILE, "npz: \"%.*s\" is not an .npy", (int)n, m->name);
    *out = strndup(m->name, n - 4);
    return *out ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

/* Finds a member's packed bytes behind its local header. */
static status locate(const uint8_t *data, size_t size, const member *m, const uint8_t **packed, err *e) {
    reader r = reader_of(data, size);
    reader_take(&r, m->offset);
    uint32_t magic = reader_u32le(&r);
    reader_take(&r, LOCAL_SIZE - 4 - 4);
    size_t name_length = reader_u16le(&r), extra = reader_u16le(&r);
    const uint8_t *name = reader_take(&r, name_length);
    reader_take(&r, extra);
    *packed = reader_take(&r, m->packed_size);
    if (magic != local_magic || !*packed)
        return err_set(e, STATUS_BAD_FILE, "no local header at byte %u with %u bytes behind it", m->offset,
                       m->packed_size);
    if (name_length != m->name_length || memcmp(name, m->name, name_length) != 0)
        return err_set(e, STATUS_BAD_FILE, "another name in the local header at byte %u", m->offset);
    return STATUS_OK;
}

/* The member's bytes: *content points into the file or, inflated, to *owned. */
static status unpack(const member *m, const uint8_t *packed, const uint8_t **content, bytes *owned, err *e) {
    *content = packed;
    size_t size = m->packed_size;
    if (m->flags & FLAG_ENCRYPTED) return err_set(e, STATUS_UNSUPPORTED, "encrypted");
    if (m->method != STORED && m->method != DEFLATED)
        return err_set(e, STATUS_UNSUPPORTED, "zip method %u, expected 0 (stored) or 8 (deflated)",
                       m->method);
    if (m->method == DEFLATED) {
        status s = inflate_bytes(packed, m->packed_size, true, m->size, owned, e);
        if (s != STATUS_OK) return s;
        *content = owned->data;
        size = owned->size;
    }
    if (size != m->size)
        return err_set(e, STATUS_BAD_FILE, "%zu bytes, but the zip directory says %u", size, m->size);
    uint32_t crc = crc32_of(*content, size);
    if (crc != m->crc) return err_set(e, STATUS_BAD_FILE, "checksum is %08x, expected %08x", crc, m->crc);
    return STATUS_OK;
}

static status read_array(const uint8_t *data, size_t size, const member *m, npy *out, err *e) {
    const uint8_t *packed, *content;
    bytes owned = {0};
    status s = locate(data, size, m, &packed, e);
    if (s == STATUS_OK) s = unpack(m, packed, &content, &owned, e);
    if (s == STATUS_OK) s = npy_parse(content, m->size, out, e);
    bytes_free(&owned);
    return s;
}

static status read_arrays(const uint8_t *data, size_t cap, reader *directory, int n, npz *out, err *e) {
    size_t begin = (size_t)(directory->data - data), sum = 0;
    for (int i = 0; i < n; i++) {
        member m;
        status s = read_member(directory, &m, e);
        if (s == STATUS_OK) s = copy_name(&m, &out->names[i], e);
        if (s != STATUS_OK) return s;
        out->n++;
        if (m.size == zip64 || m.packed_size == zip64 || m.offset == zip64)
            return err_set(e, STATUS_UNSUPPORTED, "npz: \"%s\": zip64 is not supported", out->names[i]);
        if (m.size > cap - sum)
            return err_set(e, STATUS_BAD_FILE, "npz: \"%s\": inflates to more than %zu bytes", out->names[i],
                           cap);
        sum += m.size;
        s = read_array(data, begin, &m, &out->arrays[i], e);
        if (s != STATUS_OK) return err_prefix(e, s, "npz: \"%s\"", out->names[i]);
    }
    if (reader_left(directory) > 0)
        return err_set(e, STATUS_BAD_FILE, "npz: zip directory has more entries than it says");
    return text_check_unique((const char *const *)out->names, (size_t)out->n, "npz: name", e);
}

status npz_parse(const uint8_t *data, size_t size, size_t cap, npz *out, err *e) {
    *out = (npz){0};
    reader directory;
    int n;
    status s = open_directory(data, size, &directory, &n, e);
    if (s != STATUS_OK) return s;
    if ((size_t)n > reader_left(&directory) / CENTRAL_SIZE)
        return err_set(e, STATUS_BAD_FILE, "npz: %d entries in a directory of %zu bytes", n,
                       reader_left(&directory));
    char **names = calloc((size_t)n + 1, sizeof *names);
    npy *arrays = calloc((size_t)n + 1, sizeof *arrays);
    if (!names || !arrays) {
        free(names);
        free(arrays);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    *out = (npz){0, names, arrays};
    s = read_arrays(data, cap, &directory, n, out, e);
    if (s != STATUS_OK) npz_free(out);
    return s;
}

status npz_read_file(const char *path, npz *out, err *e) {
    *out = (npz){0};
    bytes file;
    status s = file_read(path, file_cap, &file, e);
    if (s != STATUS_OK) return s;
    s = npz_parse(file.data, file.size, file_cap, out, e);
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

const npy *npz_find(const npz *z, const char *name) {
    for (int i = 0; i < z->n; i++)
        if (strcmp(z->names[i], name) == 0) return &z->arrays[i];
    return NULL;
}

void npz_free(npz *z) {
    for (int i = 0; i < z->n; i++) {
        free(z->names[i]);
        npy_free(&z->arrays[i]);
    }
    free(z->names);
    free(z->arrays);
    *z = (npz){0};
}
