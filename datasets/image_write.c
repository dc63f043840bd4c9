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

typedef struct png_sink {
    bytes out;
    bool failed;
} png_sink;

/* stb calls it once, with the whole file. */
static void keep(void *context, void *data, int size) {
    png_sink *sink = context;
    uint8_t *larger = realloc(sink->out.data, sink->out.size + (size_t)size);
    sink->failed = sink->failed || !larger;
    if (!larger) return;
    sink->out.data = larger;
    memcpy(larger + sink->out.size, data, (size_t)size);
    sink->out.size += (size_t)size;
}

status image_encode_png(const uint8_t *pixels, shape s, bytes *out, err *e) {
    *out = (bytes){0};
    bool sides = s.h > 0 && s.w > 0 && (uint64_t)s.h * (uint64_t)s.w <= IMAGE_MOST_PIXELS;
    if (!sides || (s.c != 1 && s.c != 3))
        return err_set(e, STATUS_USAGE, "a PNG of %dx%dx%d, expected 1 to %d pixels of 1 or 3 channels", s.h,
                       s.w, s.c, (int)IMAGE_MOST_PIXELS);
    png_sink sink = {0};
    if (!stbi_write_png_to_func(keep, &sink, s.w, s.h, s.c, pixels, s.w * s.c) || sink.failed) {
        bytes_free(&sink.out);
        return err_set(e, STATUS_NO_MEMORY, "out of memory for a PNG of %dx%d", s.h, s.w);
    }
    *out = sink.out;
    return STATUS_OK;
}

status image_write_png(const char *path, const uint8_t *pixels, shape s, err *e) {
    bytes png;
    status result = image_encode_png(pixels, s, &png, e);
    if (result == STATUS_OK) result = outfile_write(path, png.data, png.size, e);
    bytes_free(&png);
    return result;
}
