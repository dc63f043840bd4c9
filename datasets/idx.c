#include <stdlib.h>
#include <string.h>

#include "datasets/idx_internal.h"
#include "datasets/open_internal.h"

enum { UNSIGNED_BYTE = 0x08, MOST_DEFLATE_RATIO = 1032 };

static const size_t LARGEST_FILE = (size_t)1 << 33;

typedef struct idx_header {
    int rank;
    size_t dims[IDX_MOST_RANK];
    size_t size, total; /* bytes of the header, and of header and data */
} idx_header;

static status parse_dims(reader *r, idx_header *h, err *e) {
    size_t data = 1;
    for (int i = 0; i < h->rank; i++) {
        h->dims[i] = reader_u32be(r);
        if (r->failed)
            return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected a header of %d", r->size,
                           4 + 4 * h->rank);
        if (h->dims[i] == 0 || h->dims[i] > INT32_MAX)
            return err_set(e, STATUS_BAD_FILE, "size %d is %zu, expected 1..%d", i, h->dims[i], INT32_MAX);
        if (!size_multiply(data, h->dims[i], &data))
            return err_set(e, STATUS_BAD_FILE, "sizes overflow at dimension %d", i);
    }
    h->size = r->at;
    h->total = h->size + data;
    if (h->total < data) return err_set(e, STATUS_BAD_FILE, "sizes overflow");
    return STATUS_OK;
}

static status parse_header(const uint8_t *data, size_t size, idx_header *h, err *e) {
    reader r = reader_of(data, size);
    uint32_t magic = reader_u32be(&r);
    if (r.failed) return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected an IDX header", size);
    int type = (int)(magic >> 8), rank = (int)(magic & 0xff);
    if (type != UNSIGNED_BYTE || rank < 1 || rank > IDX_MOST_RANK)
        return err_set(e, STATUS_BAD_FILE,
                       "begins with %08x, expected the IDX magic 00000801..00000804 (unsigned bytes)", magic);
    *h = (idx_header){.rank = rank};
    return parse_dims(&r, h, e);
}

/* A header and the data that it promises, exactly. */
static status parse_whole(const uint8_t *data, size_t size, idx_header *h, err *e) {
    status s = parse_header(data, size, h, e);
    if (s != STATUS_OK || h->total == size) return s;
    return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected %zu by its header (first size %zu)", size,
                   h->total, h->dims[0]);
}

status idx_parse_images(const uint8_t *data, size_t size, int *n, shape *image, const uint8_t **pixels,
                        err *e) {
    idx_header h;
    status s = parse_whole(data, size, &h, e);
    if (s != STATUS_OK) return s;
    if (h.rank < 3)
        return err_set(e, STATUS_BAD_FILE, "IDX of rank %d, expected images of rank 3 or 4", h.rank);
    *n = (int)h.dims[0];
    *image = (shape){.h = (int)h.dims[1], .w = (int)h.dims[2], .c = h.rank == 4 ? (int)h.dims[3] : 1};
    *pixels = data + h.size;
    return STATUS_OK;
}

status idx_parse_labels(const uint8_t *data, size_t size, int *n, const uint8_t **labels, err *e) {
    idx_header h;
    status s = parse_whole(data, size, &h, e);
    if (s != STATUS_OK) return s;
    if (h.rank != 1) return err_set(e, STATUS_BAD_FILE, "IDX of rank %d, expected labels of rank 1", h.rank);
    *n = (int)h.dims[0];
    *labels = data + h.size;
    return STATUS_OK;
}

/* Inflates header first: what it promises bounds the rest, and a promise that the packed bytes cannot hold is
 * refused. */
static status inflate_idx(const bytes *packed, bytes *out, err *e) {
    uint8_t start[IDX_MOST_HEADER];
    size_t got;
    idx_header h;
    status s = inflate_start(packed->data, packed->size, start, sizeof start, &got, e);
    if (s == STATUS_OK) s = parse_header(start, got, &h, e);
    if (s != STATUS_OK) return s;
    if (h.total / MOST_DEFLATE_RATIO > packed->size)
        return err_set(e, STATUS_BAD_FILE,
                       "header promises %zu bytes (first size %zu), more than %zu gzip bytes can hold",
                       h.total, h.dims[0], packed->size);
    return inflate_bytes(packed->data, packed->size, false, h.total, out, e);
}

status idx_read(const char *path, bytes *out, err *e) {
    status s = file_read(path, LARGEST_FILE, out, e);
    if (s != STATUS_OK || out->size < 2 || out->data[0] != 0x1f || out->data[1] != 0x8b) return s;
    bytes packed = *out;
    *out = (bytes){0};
    s = inflate_idx(&packed, out, e);
    bytes_free(&packed);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

static status load_images(const char *path, dataset *d, err *e) {
    bytes file;
    const uint8_t *pixels;
    status s = idx_read(path, &file, e);
    if (s != STATUS_OK) return s;
    s = idx_parse_images(file.data, file.size, &d->n, &d->image, &pixels, e);
    if (s == STATUS_OK) {
        size_t total = (size_t)d->n * shape_size(d->image);
        uint8_t *copy = arena_alloc(&d->memory, total);
        if (copy) memcpy(copy, pixels, total);
        d->pixels = copy;
        if (!copy) s = err_set(e, STATUS_NO_MEMORY, "out of memory for %zu bytes", total);
    }
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

status idx_load(const idx_files *files, dataset *d, err *e) {
    status s = load_images(files->images, d, e);
    return s == STATUS_OK && files->labels ? labels_read(d, files->labels, e) : s;
}

status open_idx(const char *argument, const open_options *o, dataset *out, err *e) {
    *out = (dataset){0};
    const char *split;
    idx_files files;
    status s = open_split(o, &split, e);
    if (s == STATUS_OK) s = idx_find(argument, split, !o->labels, &out->memory, &files, e);
    if (s == STATUS_OK) s = open_name(out, "idx", argument, files.split, e);
    if (s == STATUS_OK) s = idx_load(&files, out, e);
    if (s == STATUS_OK) s = open_finish(o, out, e);
    if (s == STATUS_OK) return s;
    dataset_free(out);
    return err_prefix(e, s, "idx:%s", argument);
}
