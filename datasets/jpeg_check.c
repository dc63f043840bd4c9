#include "datasets/image_internal.h"

enum { START = 0xd8, END = 0xd9, SCAN = 0xda, TEMPORARY = 0x01, RESTART = 0xd0, PIXELS_PER_BYTE = 512 };

static uint16_t read_u16be(reader *r) {
    uint16_t high = reader_u8(r);
    return (uint16_t)(high << 8 | reader_u8(r));
}

static bool is_restart(int marker) {
    return marker >= RESTART && marker < RESTART + 8;
}

/* The frame headers; C4, C8 and CC are other things. */
static bool is_frame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

bool jpeg_begins(const uint8_t *data, size_t size) {
    return size >= 3 && data[0] == 0xff && data[1] == START && data[2] == 0xff;
}

static int next_marker(reader *r) {
    int byte = reader_u8(r);
    if (byte != 0xff) return -1;
    while (byte == 0xff && !r->failed)
        byte = reader_u8(r);
    return byte;
}

/* Passes over coded data, to the marker behind it: FF that is neither a stuffed byte nor a restart. */
static void skip_scan(reader *r) {
    while (reader_left(r) >= 2) {
        const uint8_t *at = r->data + r->at;
        if (at[0] == 0xff && at[1] != 0 && at[1] != 0xff && !is_restart(at[1])) return;
        reader_take(r, 1);
    }
}

/* Every 8 x 8 block of the finest component takes at least one bit. */
static status check_frame(reader segment, size_t size, err *e) {
    reader_u8(&segment);
    uint32_t height = read_u16be(&segment), width = read_u16be(&segment);
    status s = image_check_size(width, height, e);
    if (s != STATUS_OK || (uint64_t)width * height <= (uint64_t)size * PIXELS_PER_BYTE) return s;
    return err_set(e, STATUS_BAD_FILE, "JPEG header says %u x %u pixels, which %zu bytes cannot hold", width,
                   height, size);
}

static status check_segment(reader *r, int marker, err *e) {
    size_t at = r->at;
    uint16_t length = read_u16be(r);
    const uint8_t *data = length >= 2 ? reader_take(r, length - 2u) : NULL;
    if (!data)
        return err_set(e, STATUS_BAD_FILE,
                       "JPEG segment %02x at byte %zu has length %u: truncated or damaged", marker, at,
                       length);
    if (is_frame(marker)) return check_frame(reader_of(data, length - 2u), r->size, e);
    if (marker == SCAN) skip_scan(r);
    return STATUS_OK;
}

status jpeg_check(const uint8_t *data, size_t size, err *e) {
    reader r = reader_of(data, size);
    reader_take(&r, 2);
    for (;;) {
        size_t at = r.at;
        int marker = next_marker(&r);
        if (r.failed) return err_set(e, STATUS_BAD_FILE, "JPEG is truncated: no end in %zu bytes", size);
        if (marker < 0) return err_set(e, STATUS_BAD_FILE, "JPEG is damaged: no marker at byte %zu", at);
        if (marker == END) return STATUS_OK;
        if (marker == TEMPORARY || is_restart(marker)) continue;
        status s = check_segment(&r, marker, e);
        if (s != STATUS_OK) return s;
    }
}
