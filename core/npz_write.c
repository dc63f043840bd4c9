/* Writing .npz: a zip archive of deflated .npy files, without zip64 and with a fixed date. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/npy_internal.h"
#include "core/text.h"

enum { VERSION = 20, DEFLATED = 8, FLAG_UTF8 = 1 << 11, DATE = 0x21 /* 1980-01-01, the first there is */ };
enum { NAME_MAX_LENGTH = 1024, ENTRIES_MAX = 0xfffe };
static const size_t zip_limit = 0xfffffffe;

/* What the central directory repeats of an entry. */
typedef struct entry_record {
    uint32_t crc, packed_size, size, offset;
} entry_record;

typedef struct writer {
    FILE *file;
    size_t at;
} writer;

static void put(writer *w, const void *data, size_t size) {
    fwrite(data, 1, size, w->file); /* a failure stays in the stream until the commit */
    w->at += size;
}

static void put_u16(writer *w, unsigned value) {
    put(w, (uint8_t[]){value & 0xff, value >> 8 & 0xff}, 2);
}

static void put_u32(writer *w, uint32_t value) {
    put_u16(w, value & 0xffff);
    put_u16(w, value >> 16);
}

/* The fields that local header and central directory have in common, up to the length of the name. */
static void put_common(writer *w, const char *name, const entry_record *record) {
    put_u16(w, VERSION);
    put_u16(w, FLAG_UTF8);
    put_u16(w, DEFLATED);
    put_u16(w, 0); /* time */
    put_u16(w, DATE);
    put_u32(w, record->crc);
    put_u32(w, record->packed_size);
    put_u32(w, record->size);
    put_u16(w, (unsigned)(strlen(name) + strlen(".npy")));
    put_u16(w, 0); /* extra field */
}

static void put_name(writer *w, const char *name) {
    put(w, name, strlen(name));
    put(w, ".npy", strlen(".npy"));
}

static void put_central(writer *w, const char *name, const entry_record *record) {
    put(w, "PK\1\2", 4);
    put_u16(w, VERSION);
    put_common(w, name, record);
    put_u16(w, 0); /* comment */
    put_u16(w, 0); /* volume */
    put_u16(w, 0); /* internal attributes */
    put_u32(w, 0); /* external attributes */
    put_u32(w, record->offset);
    put_name(w, name);
}

static void put_end(writer *w, int n, size_t begin) {
    size_t length = w->at - begin;
    put(w, "PK\5\6", 4);
    put_u32(w, 0); /* volumes */
    put_u16(w, (unsigned)n);
    put_u16(w, (unsigned)n);
    put_u32(w, (uint32_t)length);
    put_u32(w, (uint32_t)begin);
    put_u16(w, 0); /* comment */
}

/* The array as an .npy file in memory. */
static status make_npy(const npz_entry *entry, bytes *out, err *e) {
    char header[NPY_HEADER_MAX];
    size_t size, data_size;
    status s = npy_header(entry->type, entry->rank, entry->dims, header, &size, &data_size, e);
    if (s != STATUS_OK) return s;
    if (data_size > zip_limit - size) return err_set(e, STATUS_UNSUPPORTED, "an npz entry of 4 GB or more");
    out->data = malloc(size + data_size);
    if (!out->data) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    out->size = size + data_size;
    memcpy(out->data, header, size);
    if (data_size) memcpy(out->data + size, entry->data, data_size);
    return STATUS_OK;
}

static status put_entry(writer *w, const npz_entry *entry, entry_record *record, err *e) {
    bytes content = {0}, packed = {0};
    status s = make_npy(entry, &content, e);
    if (s == STATUS_OK) s = deflate_bytes(content.data, content.size, &packed, e);
    if (s == STATUS_OK &&
        (packed.size > zip_limit || w->at > zip_limit - packed.size - NPY_HEADER_MAX - NAME_MAX_LENGTH))
        s = err_set(e, STATUS_UNSUPPORTED, "npz files of 4 GB or more");
    if (s == STATUS_OK) {
        *record = (entry_record){crc32_of(content.data, content.size), (uint32_t)packed.size,
                                 (uint32_t)content.size, (uint32_t)w->at};
        put(w, "PK\3\4", 4);
        put_common(w, entry->name, record);
        put_name(w, entry->name);
        put(w, packed.data, packed.size);
    }
    bytes_free(&content);
    bytes_free(&packed);
    return s == STATUS_OK ? s : err_prefix(e, s, "\"%s\"", entry->name);
}

static status put_archive(writer *w, const npz_entry *entries, int n, entry_record *records, err *e) {
    for (int i = 0; i < n; i++) {
        status s = put_entry(w, &entries[i], &records[i], e);
        if (s != STATUS_OK) return s;
    }
    size_t begin = w->at;
    for (int i = 0; i < n; i++)
        put_central(w, entries[i].name, &records[i]);
    if (w->at > zip_limit) return err_set(e, STATUS_UNSUPPORTED, "npz files of 4 GB or more");
    put_end(w, n, begin);
    return STATUS_OK;
}

static status check_names(const npz_entry *entries, int n, arena *memory, err *e) {
    if (n < 0 || n > ENTRIES_MAX)
        return err_set(e, STATUS_USAGE, "npz: %d entries, expected 0..%d", n, ENTRIES_MAX);
    const char **names = arena_array(memory, (size_t)n, sizeof *names);
    if (!names) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n; i++) {
        names[i] = entries[i].name;
        size_t length = strlen(names[i]);
        if (length == 0 || length > NAME_MAX_LENGTH || !text_is_utf8(names[i], length))
            return err_set(e, STATUS_USAGE, "npz: name \"%s\": expected 1..%d bytes of UTF-8", names[i],
                           NAME_MAX_LENGTH);
    }
    return text_check_unique(names, (size_t)n, "npz: name", e);
}

static status write_archive(const char *path, const npz_entry *entries, int n, arena *memory, err *e) {
    status s = check_names(entries, n, memory, e);
    if (s != STATUS_OK) return s;
    entry_record *records = arena_array(memory, (size_t)n, sizeof *records);
    if (!records) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    outfile o;
    s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    s = put_archive(&(writer){.file = o.file}, entries, n, records, e);
    if (s == STATUS_OK) return outfile_commit(&o, e);
    outfile_discard(&o);
    return err_prefix(e, s, "%s", path);
}

status npz_write_file(const char *path, const npz_entry *entries, int n, err *e) {
    arena memory = {0};
    status s = write_archive(path, entries, n, &memory, e);
    arena_free(&memory);
    return s;
}
