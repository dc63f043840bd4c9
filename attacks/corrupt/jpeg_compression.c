#include <stdlib.h>

#include "attacks/corrupt/corrupt_internal.h"
#include "datasets/image.h"

static bool apply(corrupt_call *c) {
    static const int qualities[SEVERITIES] = {80, 65, 58, 50, 40};
    size_t values = shape_size(c->s);
    uint8_t *pixels = arena_array(c->memory, values, 1), *decoded = NULL;
    if (!pixels) return false;
    for (size_t i = 0; i < values; i++)
        pixels[i] = (uint8_t)(255 * c->x[i] + 0.5f);
    bytes file;
    shape found;
    if (image_encode_jpeg(pixels, c->s, qualities[c->level], &file, NULL) != STATUS_OK) return false;
    status s = image_decode(file.data, file.size, c->s.c, &found, &decoded, NULL);
    bytes_free(&file);
    for (size_t i = 0; s == STATUS_OK && i < values; i++)
        c->out[i] = (float)decoded[i] / 255.0f;
    free(decoded);
    return s == STATUS_OK;
}

const corruption corruption_jpeg_compression = {
    .name = "jpeg_compression", .what = "compressed as JPEG", .family = "digital", .apply = apply};
