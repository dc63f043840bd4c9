/* The one file that includes stb_image_write. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/outfile.h"
#include "datasets/image.h"
#include "datasets/image_internal.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic ignored "-Wunused-function" /* declared, but left out by the choices above */
#include <stb_image_write.h>

typedef struct sink {
    bytes out;
    size_t room;
    bool failed;
} sink;

/* A PNG comes in one piece, a JPEG in many small ones. */
static void keep(void *context, void *data, int size) {
    sink *to = context;
    if (to->out.size + (size_t)size > to->room) {
        size_t room = 2 * to->room + (size_t)size;
        uint8_t *larger = realloc(to->out.data, room);
        to->failed = to->failed || !larger;
        if (!larger) return;
        to->out.data = larger;
        to->room = room;
    }
    memcpy(to->out.data + to->out.size, data, (size_t)size);
    to->out.size += (size_t)size;
}

static status check(const char *format, shape s, err *e) {
    bool sides = s.h > 0 && s.w > 0 && (uint64_t)s.h * (uint64_t)s.w <= IMAGE_MOST_PIXELS;
    if (sides && (s.c == 1 || s.c == 3)) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "a %s of %dx%dx%d, expected 1 to %d pixels of 1 or 3 channels", format,
                   s.h, s.w, s.c, (int)IMAGE_MOST_PIXELS);
}

static status take(const char *format, shape s, bool written, sink *from, bytes *out, err *e) {
    if (written && !from->failed) {
        *out = from->out;
        return STATUS_OK;
    }
    bytes_free(&from->out);
    return err_set(e, STATUS_NO_MEMORY, "out of memory for a %s of %dx%d", format, s.h, s.w);
}

status image_encode_png(const uint8_t *pixels, shape s, bytes *out, err *e) {
    *out = (bytes){0};
    status ok = check("PNG", s, e);
    if (ok != STATUS_OK) return ok;
    sink to = {0};
    bool written = stbi_write_png_to_func(keep, &to, s.w, s.h, s.c, pixels, s.w * s.c);
    return take("PNG", s, written, &to, out, e);
}

status image_encode_jpeg(const uint8_t *pixels, shape s, int quality, bytes *out, err *e) {
    enum { LONGEST_SIDE = 65535 };
    *out = (bytes){0};
    status ok = check("JPEG", s, e);
    if (ok != STATUS_OK) return ok;
    if (s.h > LONGEST_SIDE || s.w > LONGEST_SIDE || quality < 1 || quality > 100)
        return err_set(e, STATUS_USAGE, "a JPEG of %dx%d in quality %d, expected sides up to %d and 1..100",
                       s.h, s.w, quality, (int)LONGEST_SIDE);
    sink to = {0};
    bool written = stbi_write_jpg_to_func(keep, &to, s.w, s.h, s.c, pixels, quality);
    return take("JPEG", s, written, &to, out, e);
}

status image_write_png(const char *path, const uint8_t *pixels, shape s, err *e) {
    bytes png;
    status result = image_encode_png(pixels, s, &png, e);
    if (result == STATUS_OK) result = outfile_write(path, png.data, png.size, e);
    bytes_free(&png);
    return result;
}
