#include "datasets/image_internal.h"

enum {
    START = 0xd8,
    END = 0xd9,
    SCAN = 0xda,
    HUFFMAN = 0xc4,
    PROGRESSIVE = 0xc2,
    TEMPORARY = 0x01,
    RESTART = 0xd0,
    PIXELS_PER_BYTE = 512,
    CODE_LENGTHS = 16,
    MOST_CODES = 256,
    MOST_DC_BITS = 15
};

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
static status check_frame(int marker, reader segment, size_t size, err *e) {
    reader_u8(&segment);
    uint32_t height = read_u16be(&segment), width = read_u16be(&segment);
    if (marker > PROGRESSIVE)
        return err_set(e, STATUS_UNSUPPORTED, "JPEG of kind %02x (lossless or arithmetic) is not supported",
                       marker);
    status s = image_check_size(width, height, e);
    if (s != STATUS_OK || (uint64_t)width * height <= (uint64_t)size * PIXELS_PER_BYTE) return s;
    return err_set(e, STATUS_BAD_FILE, "JPEG header says %u x %u pixels, which %zu bytes cannot hold", width,
                   height, size);
}

/* One Huffman table: class and place, how many codes there are of each length, their symbols. A symbol of a DC
 * table is a number of bits. */
static bool huffman_table_fits(reader *r) {
    int place = reader_u8(r), codes = 0;
    for (int i = 0; i < CODE_LENGTHS; i++)
        codes += reader_u8(r);
    const uint8_t *symbols = reader_take(r, (size_t)codes);
    if (!symbols || codes > MOST_CODES || place >> 4 > 1 || (place & 15) > 3) return false;
    for (int i = 0; i < codes && place >> 4 == 0; i++)
        if (symbols[i] > MOST_DC_BITS) return false;
    return true;
}

/* The decoder trusts the counts of these tables. */
static status check_huffman(reader segment, size_t at, err *e) {
    while (reader_left(&segment) > 0)
        if (!huffman_table_fits(&segment))
            return err_set(e, STATUS_BAD_FILE, "JPEG Huffman table at byte %zu is damaged", at);
    return STATUS_OK;
}

static status check_segment(reader *r, int marker, int *frames, err *e) {
    size_t at = r->at;
    uint16_t length = read_u16be(r);
    const uint8_t *data = length >= 2 ? reader_take(r, length - 2u) : NULL;
    if (!data)
        return err_set(e, STATUS_BAD_FILE,
                       "JPEG segment %02x at byte %zu has length %u: truncated or damaged", marker, at,
                       length);
    reader segment = reader_of(data, length - 2u);
    if (marker == HUFFMAN) return check_huffman(segment, at, e);
    bool frame = is_frame(marker);
    if (frame ? (*frames)++ > 0 : marker == SCAN && *frames == 0)
        return err_set(e, STATUS_BAD_FILE,
                       "JPEG segment %02x at byte %zu: expected one header before the image", marker, at);
    if (frame) return check_frame(marker, segment, r->size, e);
    if (marker == SCAN) skip_scan(r);
    return STATUS_OK;
}

status jpeg_check(const uint8_t *data, size_t size, err *e) {
    reader r = reader_of(data, size);
    reader_take(&r, 2);
    for (int frames = 0;;) {
        size_t at = r.at;
        int marker = next_marker(&r);
        if (r.failed) return err_set(e, STATUS_BAD_FILE, "JPEG is truncated: no end in %zu bytes", size);
        if (marker < 0) return err_set(e, STATUS_BAD_FILE, "JPEG is damaged: no marker at byte %zu", at);
        if (marker == END) return STATUS_OK;
        if (marker == TEMPORARY || is_restart(marker)) continue;
        status s = check_segment(&r, marker, &frames, e);
        if (s != STATUS_OK) return s;
    }
}
