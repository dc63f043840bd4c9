#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/outfile.h"
#include "core/safetensors.h"

enum { LENGTH_SIZE = 8, ALIGNMENT = 64 };

static size_t item_size(const st_entry *entry) {
    return entry->ints ? sizeof *entry->ints : sizeof *entry->data;
}

/* Bytes of an entry's data. */
static status measure(const st_entry *entry, size_t *size, err *e) {
    *size = 0;
    if (!entry->data == !entry->ints)
        return err_set(e, STATUS_USAGE, "tensor \"%s\": needs data or ints", entry->name);
    if (entry->rank < 0 || entry->rank > SAFETENSORS_MAX_RANK)
        return err_set(e, STATUS_USAGE, "tensor \"%s\": %d dimensions, expected 0..%d", entry->name,
                       entry->rank, SAFETENSORS_MAX_RANK);
    *size = item_size(entry);
    for (int i = 0; i < entry->rank; i++)
        if (entry->dims[i] < 0 || !size_multiply(*size, (size_t)entry->dims[i], size) || *size > INT64_MAX)
            return err_set(e, STATUS_USAGE, "tensor \"%s\": dimension %d is %" PRId64, entry->name, i,
                           entry->dims[i]);
    return STATUS_OK;
}

static json *ints_to_json(const int64_t *values, int n) {
    json *array = json_new_array();
    for (int i = 0; i < n; i++)
        if (!json_append(array, json_new_int(values[i]))) {
            json_free(array);
            return NULL;
        }
    return array;
}

static status describe(const st_entry *entry, size_t begin, size_t size, json *header, err *e) {
    if (json_get(header, entry->name) || strcmp(entry->name, "__metadata__") == 0)
        return err_set(e, STATUS_USAGE, "tensor \"%s\": the name is taken", entry->name);
    json *info = json_new_object();
    bool good =
        json_set_string(info, "dtype", entry->ints ? "I64" : "F32") &&
        json_set(info, "shape", ints_to_json(entry->dims, entry->rank)) &&
        json_set(info, "data_offsets", ints_to_json((int64_t[]){(int64_t)begin, (int64_t)(begin + size)}, 2));
    if (!good) {
        json_free(info);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    return json_set(header, entry->name, info)
               ? STATUS_OK
               : err_set(e, STATUS_USAGE, "a tensor's name is not UTF-8, or out of memory");
}

/* The 8-byte integers come first in the data, so that every tensor is aligned to its element, as some readers
 * want. */
static status describe_all(const st_entry *entries, int n, json *header, err *e) {
    size_t place[2] = {0, 0}; /* of the next ints, of the next floats */
    for (int i = 0; i < n; i++) {
        size_t size;
        status s = measure(&entries[i], &size, e);
        if (s != STATUS_OK) return s;
        place[1] += entries[i].ints ? size : 0;
    }
    for (int i = 0; i < n; i++) {
        size_t size, *at = &place[entries[i].ints ? 0 : 1];
        status s = measure(&entries[i], &size, e);
        if (s == STATUS_OK) s = describe(&entries[i], *at, size, header, e);
        if (s != STATUS_OK) return s;
        *at += size;
    }
    return STATUS_OK;
}

static status copy_metadata(const json *metadata, json *header, err *e) {
    if (!metadata) return STATUS_OK;
    json *copy = json_new_object();
    for (void *i = json_first(metadata); i; i = json_next(metadata, i)) {
        const char *key = json_iterator_key(i), *text = json_as_string(json_iterator_value(i));
        if (text && json_set_string(copy, key, text)) continue;
        json_free(copy);
        return text ? err_set(e, STATUS_NO_MEMORY, "out of memory")
                    : err_set(e, STATUS_USAGE, "__metadata__: \"%s\" is not a string", key);
    }
    return json_set(header, "__metadata__", copy) ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

/* The header as text, to be freed. */
static status make_header(const st_entry *entries, int n, const json *metadata, char **text, err *e) {
    *text = NULL;
    json *header = json_new_object();
    status s = copy_metadata(metadata, header, e);
    if (s == STATUS_OK) s = describe_all(entries, n, header, e);
    if (s == STATUS_OK) {
        *text = json_text(header, 0);
        if (!*text) s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    json_free(header);
    return s;
}

/* Failed writes stay in the stream until the commit. */
static void put_header(FILE *file, const char *text) {
    size_t length = strlen(text);
    size_t padded = (LENGTH_SIZE + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - LENGTH_SIZE;
    for (int i = 0; i < LENGTH_SIZE; i++)
        putc((int)((uint64_t)padded >> 8 * i & 0xff), file);
    fprintf(file, "%s%*s", text, (int)(padded - length), "");
}

static void put_data(FILE *file, const st_entry *entries, int n, bool ints) {
    for (int i = 0; i < n; i++) {
        if (!entries[i].ints == ints) continue;
        size_t count = 1;
        for (int d = 0; d < entries[i].rank; d++)
            count *= (size_t)entries[i].dims[d];
        fwrite(ints ? (const void *)entries[i].ints : entries[i].data, item_size(&entries[i]), count, file);
    }
}

status safetensors_write_file(const char *path, const st_entry *entries, int n, const json *metadata,
                              err *e) {
    char *text;
    status s = make_header(entries, n, metadata, &text, e);
    if (s != STATUS_OK) return err_prefix(e, s, "%s", path);
    outfile o;
    s = outfile_open(&o, path, e);
    if (s == STATUS_OK) {
        put_header(o.file, text);
        put_data(o.file, entries, n, true);
        put_data(o.file, entries, n, false);
        s = outfile_commit(&o, e);
    }
    free(text);
    return s;
}
