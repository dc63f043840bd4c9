/* PNG and JPEG files: what is decoded must have the size that it says; then resized. */
#include <stdlib.h>
#include <string.h>

#include "datasets/image.h"

enum { PNG_SIGNATURE = 8, SIDE = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t u32be(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Gives every whole PNG chunk its right checksum: else no change of one would get any further. */
static void mend_checksums(uint8_t *data, size_t size) {
    for (size_t at = PNG_SIGNATURE; size - at >= 12;) {
        size_t length = u32be(data + at);
        if (length > size - at - 12) return;
        uint32_t crc = crc32_of(data + at + 4, 4 + length);
        for (int i = 0; i < 4; i++)
            data[at + 8 + length + (size_t)i] = (uint8_t)(crc >> 8 * (3 - i));
        at += 12 + length;
    }
}

static void decode(const uint8_t *data, size_t size, int channels) {
    uint8_t *pixels, small[SIDE * SIDE * 3];
    shape s;
    err e;
    if (image_decode(data, size, channels, &s, &pixels, &e) != STATUS_OK) return;
    unsigned sum = 0;
    for (size_t i = 0; i < shape_size(s); i++)
        sum += pixels[i];
    image_resize(pixels, s, small, (shape){SIDE, SIDE, s.c});
    if (sum == 0 && small[0] != 0) abort();
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) return 0;
    if (size) memcpy(copy, data, size);
    if (size > PNG_SIGNATURE && copy[0] == 0x89) mend_checksums(copy, size);
    decode(copy, size, 0);
    decode(copy, size, 3);
    free(copy);
    return 0;
}
