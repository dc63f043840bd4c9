/* What stb_image does not ask: is the file whole, and can it hold as many pixels as its header says? */
#ifndef DATASETS_IMAGE_INTERNAL_H
#define DATASETS_IMAGE_INTERNAL_H

#include <stdbool.h>

#include "core/bytes.h"

enum { IMAGE_MOST_PIXELS = 64000000 };

bool png_begins(const uint8_t *data, size_t size);
bool jpeg_begins(const uint8_t *data, size_t size);

/* Walks every chunk with its checksum and inflates the pixel data, which must have the size that the header
 * promises (W3C PNG specification, third edition). */
MUST_CHECK status png_check(const uint8_t *data, size_t size, err *e);

/* Walks the markers from start to end (ITU T.81, annex B): a decoder fills what a truncated file lacks with
 * grey and says nothing. */
MUST_CHECK status jpeg_check(const uint8_t *data, size_t size, err *e);

/* STATUS_BAD_FILE for an empty image or one of more than IMAGE_MOST_PIXELS. */
MUST_CHECK status image_check_size(uint32_t width, uint32_t height, err *e);

#endif
