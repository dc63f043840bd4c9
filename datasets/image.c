/* The one file that includes stb_image: PNG and JPEG only, from memory only. */
#include "datasets/image.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/image_internal.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS IMAGE_MOST_PIXELS
#define STBI_ASSERT(condition) ((void)0) /* nothing in a file may end the program */
/* Tables that a damaged file uses but does not define are empty, not what memory held before. */
#define STBI_MALLOC(size) calloc(1, size)
#define STBI_REALLOC(memory, size) realloc(memory, size)
#define STBI_FREE(memory) free(memory)
#pragma GCC diagnostic ignored "-Wunused-function" /* declared, but left out by the choices above */
#include <stb_image.h>

static const size_t largest_file = (size_t)1 << 28;

status image_check_size(uint32_t width, uint32_t height, err *e) {
    if (width > 0 && height > 0 && (uint64_t)width * height <= IMAGE_MOST_PIXELS) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "image of %u x %u pixels, expected 1 to %d pixels", width, height,
                   (int)IMAGE_MOST_PIXELS);
}

static status check(const uint8_t *data, size_t size, err *e) {
    if (png_begins(data, size)) return png_check(data, size, e);
    if (jpeg_begins(data, size)) return jpeg_check(data, size, e);
    return err_set(e, STATUS_BAD_FILE, "neither PNG nor JPEG");
}

static status decode(const uint8_t *data, int size, int channels, shape *s, uint8_t **pixels, err *e) {
    int width, height, found;
    if (!stbi_info_from_memory(data, size, &width, &height, &found))
        return err_set(e, STATUS_BAD_FILE, "no image that can be decoded");
    status checked = image_check_size((uint32_t)width, (uint32_t)height, e);
    if (checked != STATUS_OK) return checked;
    int kept = channels ? channels : found < 3 ? 1 : 3; /* 2 is grey with alpha, 4 colour with alpha */
    *pixels = stbi_load_from_memory(data, size, &width, &height, &found, kept);
    if (!*pixels)
        return err_set(e, STATUS_BAD_FILE, "the image is damaged or of a kind that cannot be decoded");
    *s = (shape){.h = height, .w = width, .c = kept};
    return STATUS_OK;
}

status image_decode(const uint8_t *data, size_t size, int channels, shape *s, uint8_t **pixels, err *e) {
    *pixels = NULL;
    *s = (shape){0};
    if (channels != 0 && channels != 1 && channels != 3)
        return err_set(e, STATUS_USAGE, "%d channels, expected 0 (as in the file), 1 or 3", channels);
    if (size > largest_file)
        return err_set(e, STATUS_BAD_FILE, "image file of %zu bytes, expected at most %zu", size,
                       largest_file);
    status checked = check(data, size, e);
    return checked == STATUS_OK ? decode(data, (int)size, channels, s, pixels, e) : checked;
}

status image_read_file(const char *path, int channels, shape *s, uint8_t **pixels, err *e) {
    *pixels = NULL;
    *s = (shape){0};
    bytes file;
    status result = file_read(path, largest_file, &file, e);
    if (result != STATUS_OK) return result;
    result = image_decode(file.data, file.size, channels, s, pixels, e);
    bytes_free(&file);
    return result == STATUS_OK ? result : err_prefix(e, result, "%s", path);
}
