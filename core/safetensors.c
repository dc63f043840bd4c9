#include "core/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

enum { LENGTH_SIZE = 8, HEADER_CAP = 100 * 1000 * 1000 };
static const size_t file_cap = (size_t)4 << 30;
static const char metadata_key[] = "__metadata__";

static const struct {
    char name[8];
    int size;
} types[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
             {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
             {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};

static int type_size(const char *name) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0) return types[i].size;
    return 0;
}

static status read_type(const json *info, st_tensor *t, int *item_size, err *e) {
    const char *dtype;
    status s = json_need_string(info, "dtype", &dtype, e);
    if (s != STATUS_OK) return s;
    *item_size = type_size(dtype);
    if (!*item_size) return err_set(e, STATUS_UNSUPPORTED, "dtype \"%s\" is not supported", dtype);
    memcpy(t->dtype, dtype, strlen(dtype) + 1);
    return STATUS_OK;
}

static status read_shape(const json *info, int item_size, st_tensor *t, size_t *size, err *e) {
    json *shape;
    status s = json_need_array(info, "shape", &shape, e);
    if (s != STATUS_OK) return s;
    if (json_count(shape) > SAFETENSORS_MAX_RANK)
        return err_set(e, STATUS_UNSUPPORTED, "%zu dimensions, expected at most %d", json_count(shape),
                       SAFETENSORS_MAX_RANK);
    size_t most =
        (size_t)item_size; /* a zero counts as one here, so that no product of the others overflows */
    bool empty = false;
    for (t->rank = 0; t->rank < (int)json_count(shape); t->rank++) {
        int64_t dim = json_as_int(json_at(shape, (size_t)t->rank), -1);
        if (dim < 0) return err_set(e, STATUS_BAD_FILE, "dimension %d is not an integer >= 0", t->rank);
        if (!size_multiply(most, dim ? (size_t)dim : 1, &most) || most > INT64_MAX)
            return err_set(e, STATUS_BAD_FILE, "shape is too large");
        t->dims[t->rank] = dim;
        empty = empty || dim == 0;
    }
    *size = empty ? 0 : most;
    t->count = (int64_t)(*size / (size_t)item_size);
    return STATUS_OK;
}

/* `buffer` are the bytes behind the header. */
static status read_tensor(const json *info, reader buffer, st_tensor *t, err *e) {
    int item_size;
    status s = read_type(info, t, &item_size, e);
    if (s == STATUS_OK) s = read_shape(info, item_size, t, &t->size, e);
    json *offsets;
    if (s == STATUS_OK) s = json_need_array(info, "data_offsets", &offsets, e);
    if (s != STATUS_OK) return s;
    int64_t begin = json_as_int(json_at(offsets, 0), -1), end = json_as_int(json_at(offsets, 1), -1);
    if (json_count(offsets) != 2 || begin < 0 || end < begin || (uint64_t)end > buffer.size)
        return err_set(e, STATUS_BAD_FILE,
                       "data_offsets [%" PRId64 ", %" PRId64 "], expected two of 0..%zu that ascend", begin,
                       end, buffer.size);
    if ((size_t)(end - begin) != t->size)
        return err_set(e, STATUS_BAD_FILE, "%" PRId64 " bytes by its data_offsets, %zu by shape and dtype",
                       end - begin, t->size);
    t->data = buffer.data + begin;
    return STATUS_OK;
}

static status check_metadata(const json *metadata, err *e) {
    if (!json_is_object(metadata)) return err_set(e, STATUS_BAD_FILE, "%s is not an object", metadata_key);
    for (void *i = json_first(metadata); i; i = json_next(metadata, i))
        if (!json_is_string(json_iterator_value(i)))
            return err_set(e, STATUS_BAD_FILE, "%s: \"%s\" is not a string", metadata_key,
                           json_iterator_key(i));
    return STATUS_OK;
}

static status read_tensors(safetensors *out, reader buffer, err *e) {
    for (void *i = json_first(out->header); i; i = json_next(out->header, i)) {
        const char *name = json_iterator_key(i);
        if (strcmp(name, metadata_key) == 0) {
            status s = check_metadata(json_iterator_value(i), e);
            if (s != STATUS_OK) return s;
            continue;
        }
        st_tensor *t = &out->tensors[out->n++];
        t->name = name;
        status s = read_tensor(json_iterator_value(i), buffer, t, e);
        if (s != STATUS_OK) return err_prefix(e, s, "tensor \"%s\"", name);
    }
    return STATUS_OK;
}

/* By place; an empty tensor comes before the one that begins where it stands. */
static int compare_places(const void *a, const void *b) {
    const st_tensor *s = a, *t = b;
    if (s->data != t->data) return s->data < t->data ? -1 : 1;
    return (s->size > t->size) - (s->size < t->size);
}

/* Each tensor begins where the one before it ends, and the last ends with the file. `sorted` is by place. */
static status check_sorted(const st_tensor *sorted, int n, reader buffer, err *e) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        size_t begin = (size_t)(sorted[i].data - buffer.data);
        if (begin != at)
            return err_set(e, STATUS_BAD_FILE,
                           "tensor \"%s\" begins at byte %zu of the data, expected %zu: %s", sorted[i].name,
                           begin, at, begin < at ? "an overlap" : "a hole");
        at += sorted[i].size;
    }
    if (at == buffer.size) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "%zu bytes of data, expected %zu", buffer.size, at);
}

static status check_places(const safetensors *st, reader buffer, err *e) {
    if (st->n == 0) return check_sorted(NULL, 0, buffer, e);
    st_tensor *sorted = calloc((size_t)st->n, sizeof *sorted);
    if (!sorted) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(sorted, st->tensors, (size_t)st->n * sizeof *sorted);
    qsort(sorted, (size_t)st->n, sizeof *sorted, compare_places);
    status s = check_sorted(sorted, st->n, buffer, e);
    free(sorted);
    return s;
}

static status parse(bytes file, safetensors *out, err *e) {
    reader r = reader_of(file.data, file.size);
    uint64_t length = reader_u64le(&r);
    if (r.failed)
        return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected a header length of %d", file.size,
                       LENGTH_SIZE);
    if (length > HEADER_CAP || length > reader_left(&r))
        return err_set(e, STATUS_BAD_FILE, "header of %" PRIu64 " bytes, expected at most %zu", length,
                       reader_left(&r) < HEADER_CAP ? reader_left(&r) : HEADER_CAP);
    const char *text = (const char *)reader_take(&r, (size_t)length);
    if (length == 0 || text[0] != '{') return err_set(e, STATUS_BAD_FILE, "header does not begin with '{'");
    status s = json_parse(text, (size_t)length, &out->header, e);
    if (s != STATUS_OK) return err_prefix(e, s, "header");
    out->tensors = calloc(json_count(out->header) + 1, sizeof *out->tensors);
    if (!out->tensors) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    reader buffer = reader_of(file.data + r.at, reader_left(&r));
    s = read_tensors(out, buffer, e);
    return s == STATUS_OK ? check_places(out, buffer, e) : s;
}

status safetensors_parse(bytes file, safetensors *out, err *e) {
    *out = (safetensors){0};
    status s = parse(file, out, e);
    if (s != STATUS_OK) {
        safetensors_free(out);
        return err_prefix(e, s, "safetensors");
    }
    out->file = file;
    return STATUS_OK;
}

status safetensors_read_file(const char *path, safetensors *out, err *e) {
    *out = (safetensors){0};
    bytes file;
    status s = file_read(path, file_cap, &file, e);
    if (s != STATUS_OK) return s;
    s = safetensors_parse(file, out, e);
    if (s == STATUS_OK) return s;
    bytes_free(&file);
    return err_prefix(e, s, "%s", path);
}

const st_tensor *safetensors_find(const safetensors *s, const char *name) {
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->tensors[i].name, name) == 0) return &s->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const safetensors *s, const char *key) {
    return json_as_string(json_get(json_get(s->header, metadata_key), key));
}

void safetensors_free(safetensors *s) {
    free(s->tensors);
    json_free(s->header);
    bytes_free(&s->file);
    *s = (safetensors){0};
}
