/* Values of images of floats: as bytes, as brightness, and through a JPEG. */
#include <math.h>
#include <stdlib.h>

#include "datasets/image.h"

uint8_t image_byte(float value) {
    return (uint8_t)(255 * fminf(fmaxf(value, 0), 1) + 0.5f);
}

void image_bytes(const float *values, size_t n, uint8_t *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = image_byte(values[i]);
}

float image_luma(const float *pixel, int channels) {
    return channels < 3 ? pixel[0] : 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
}

static status through_file(const uint8_t *pixels, shape s, int quality, uint8_t **back, err *e) {
    bytes file;
    shape found;
    status ok = image_encode_jpeg(pixels, s, quality, &file, e);
    if (ok != STATUS_OK) return ok;
    ok = image_decode(file.data, file.size, s.c, &found, back, e);
    bytes_free(&file);
    return ok;
}

status image_through_jpeg(const float *image, shape s, int quality, float *out, err *e) {
    size_t n = shape_size(s);
    uint8_t *pixels = calloc(n, 1), *back = NULL;
    if (!pixels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    image_bytes(image, n, pixels);
    status ok = through_file(pixels, s, quality, &back, e);
    for (size_t i = 0; ok == STATUS_OK && i < n; i++)
        out[i] = (float)back[i] / 255;
    free(pixels);
    free(back);
    return ok;
}
