/* Pictures in and out: PNG and JPEG through stb_image; PNG through stb_image_write. */
#ifndef DATASETS_IMAGE_H
#define DATASETS_IMAGE_H

#include "core/bytes.h"
#include "core/tensor.h"

/* Decodes to uint8 h x w x c; `channels` 1 or 3 converts, 0 keeps (grey or colour; alpha is dropped). The header's size is asked for first:
 * more than 64 million pixels or a size that the data cannot hold is refused before anything is decoded, and so is a file that does not
 * end, a PNG with a wrong checksum or with more or less pixel data than its header says. *pixels is malloc'ed. */
MUST_CHECK status image_decode(const uint8_t *data, size_t size, int channels, shape *s, uint8_t **pixels, err *e);
MUST_CHECK status image_read_file(const char *path, int channels, shape *s, uint8_t **pixels, err *e);

/* Resizes, each axis by itself: averages over areas (down) or interpolates (up, bilinear). `out` holds to.h * to.w * from.c bytes. */
void image_resize(const uint8_t *pixels, shape from, uint8_t *out, shape to);

/* Writes a PNG (c = 1 or 3), atomically. */
MUST_CHECK status image_write_png(const char *path, const uint8_t *pixels, shape s, err *e);

/* The PNG as malloc'ed bytes, for embedding. */
MUST_CHECK status image_encode_png(const uint8_t *pixels, shape s, bytes *out, err *e);

/* The image (c = 1 or 3, sides of at most 65,535) as a JPEG of quality 1..100 with the usual tables, colour at half the resolution up to
 * quality 90, as malloc'ed bytes. */
MUST_CHECK status image_encode_jpeg(const uint8_t *pixels, shape s, int quality, bytes *out, err *e);

/* The nearest of the levels 0..255 of a value within [0, 1], halves up: what lies outside is cut off, NaN is 0. */
uint8_t image_byte(float value);
void image_bytes(const float *values, size_t n, uint8_t *out);

/* Brightness of a pixel of 1 or 3 channels (ITU-R BT.601). */
float image_luma(const float *pixel, int channels);

/* An image of [0, 1] floats as image_bytes through such a JPEG and back into `out`, which may be the image. */
MUST_CHECK status image_through_jpeg(const float *image, shape s, int quality, float *out, err *e);

#endif
