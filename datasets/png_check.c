#include <stdlib.h>
#include <string.h>

#include "datasets/image_internal.h"

enum { SIGNATURE = 8, HEADER = 13, MOST_DEFLATE_RATIO = 1032, ZLIB_HEADER = 2, ZLIB_CHECKSUM = 4 };

static const uint8_t signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

typedef struct png_header {
    uint32_t width, height;
    int bits; /* of a pixel */
    bool interlaced;
} png_header;

typedef struct png_chunk {
    const uint8_t *type, *data;
    uint32_t size;
} png_chunk;

bool png_begins(const uint8_t *data, size_t size) {
    return size >= SIGNATURE && memcmp(data, signature, SIGNATURE) == 0;
}

static bool is_type(const png_chunk *c, const char *type) {
    return memcmp(c->type, type, 4) == 0;
}

static status next_chunk(reader *r, png_chunk *c, err *e) {
    size_t at = r->at;
    c->size = reader_u32be(r);
    c->type = reader_take(r, 4);
    c->data = reader_take(r, c->size);
    uint32_t expected = reader_u32be(r);
    if (r->failed)
        return err_set(e, STATUS_BAD_FILE,
                       "PNG is truncated: the chunk at byte %zu does not end in %zu bytes", at, r->size);
    uint32_t found = crc32_of(c->type, 4 + (size_t)c->size);
    if (found == expected) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "PNG chunk at byte %zu has checksum %08x, expected %08x", at, found,
                   expected);
}

static status parse_header(const png_chunk *c, png_header *h, err *e) {
    static const int samples[7] = {1, 0, 3, 1, 2, 0, 4}; /* by colour type */
    if (!is_type(c, "IHDR") || c->size != HEADER)
        return err_set(e, STATUS_BAD_FILE, "PNG does not begin with its header");
    reader r = reader_of(c->data, c->size);
    h->width = reader_u32be(&r);
    h->height = reader_u32be(&r);
    int depth = reader_u8(&r), colour = reader_u8(&r);
    reader_take(&r, 2);
    int interlace = reader_u8(&r);
    int count = colour < 7 ? samples[colour] : 0;
    bool depth_known = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    if (!count || !depth_known || interlace > 1)
        return err_set(e, STATUS_BAD_FILE, "PNG of colour type %d, depth %d, interlace %d is unknown", colour,
                       depth, interlace);
    h->bits = count * depth;
    h->interlaced = interlace == 1;
    return image_check_size(h->width, h->height, e);
}

/* Bytes of height rows, each with its filter byte. */
static size_t rows_size(const png_header *h, uint32_t width, uint32_t height) {
    if (width == 0 || height == 0) return 0;
    return height * (1 + ((size_t)width * (size_t)h->bits + 7) / 8);
}

static uint32_t pass_length(uint32_t length, uint32_t first, uint32_t step) {
    return length > first ? (length - first + step - 1) / step : 0;
}

static size_t image_size(const png_header *h) {
    static const uint8_t passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                         {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}; /* x, y, step x, step y */
    if (!h->interlaced) return rows_size(h, h->width, h->height);
    size_t size = 0;
    for (int i = 0; i < 7; i++) {
        const uint8_t *pass = passes[i];
        size +=
            rows_size(h, pass_length(h->width, pass[0], pass[2]), pass_length(h->height, pass[1], pass[3]));
    }
    return size;
}

/* Reads all chunks and puts the pieces of pixel data together in `packed`, which has room for them. */
static status collect(reader *r, png_header *h, bytes *packed, err *e) {
    png_chunk c;
    status s = next_chunk(r, &c, e);
    if (s == STATUS_OK) s = parse_header(&c, h, e);
    while (s == STATUS_OK && !is_type(&c, "IEND")) {
        s = next_chunk(r, &c, e);
        if (s != STATUS_OK || !is_type(&c, "IDAT") || c.size == 0) continue;
        memcpy(packed->data + packed->size, c.data, c.size);
        packed->size += c.size;
    }
    return s;
}

static status check_pixels(const png_header *h, const bytes *packed, err *e) {
    size_t expected = image_size(h), around = ZLIB_HEADER + ZLIB_CHECKSUM;
    if (packed->size <= around || expected / MOST_DEFLATE_RATIO > packed->size)
        return err_set(e, STATUS_BAD_FILE,
                       "PNG header says %u x %u pixels, which %zu bytes of pixel data cannot hold", h->width,
                       h->height, packed->size);
    bytes raw;
    status s = inflate_bytes(packed->data + ZLIB_HEADER, packed->size - around, true, expected, &raw, e);
    if (s == STATUS_OK && raw.size != expected)
        s = err_set(e, STATUS_BAD_FILE, "%zu bytes, expected %zu", raw.size, expected);
    bytes_free(&raw);
    return s == STATUS_OK
               ? s
               : err_prefix(e, s, "PNG header says %u x %u pixels, but the pixel data", h->width, h->height);
}

status png_check(const uint8_t *data, size_t size, err *e) {
    reader r = reader_of(data, size);
    reader_take(&r, SIGNATURE);
    png_header h = {0};
    bytes packed = {.data = malloc(size)};
    if (!packed.data) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = collect(&r, &h, &packed, e);
    if (s == STATUS_OK) s = check_pixels(&h, &packed, e);
    bytes_free(&packed);
    return s;
}
