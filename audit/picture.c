#include "audit/picture.h"

#include <stdlib.h>
#include <string.h>

#include "audit/picture_internal.h"
#include "audit/text_table.h"
#include "datasets/image.h"

enum { LARGEST = 16384 };

status picture_new(int width, int height, colour ground, picture *out, err *e) {
    *out = (picture){0};
    if (width < 1 || height < 1 || width > LARGEST || height > LARGEST)
        return err_set(e, STATUS_UNSUPPORTED, "a picture of %d x %d pixels, at most %d", width, height,
                       LARGEST);
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    if (!pixels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    *out = (picture){width, height, pixels};
    picture_fill(out, 0, 0, width, height, ground);
    return STATUS_OK;
}

void picture_free(picture *p) {
    free(p->pixels);
    *p = (picture){0};
}

static void put_pixel(picture *p, int x, int y, colour ink) {
    if (x < 0 || y < 0 || x >= p->width || y >= p->height) return;
    uint8_t *at = p->pixels + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
    at[0] = ink.red;
    at[1] = ink.green;
    at[2] = ink.blue;
}

void picture_fill(picture *p, int x, int y, int width, int height, colour ink) {
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
            put_pixel(p, x + column, y + row, ink);
}

int picture_zoom(shape s, int side) {
    int longest = s.h > s.w ? s.h : s.w;
    return longest < side ? (side + longest - 1) / longest : 1;
}

void picture_image(picture *p, int x, int y, int zoom, shape s, const float *image) {
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++) {
            const float *v = image + ((size_t)row * (size_t)s.w + (size_t)column) * (size_t)s.c;
            colour ink = {image_byte(v[0]), image_byte(v[s.c > 1 ? 1 : 0]), image_byte(v[s.c > 2 ? 2 : 0])};
            picture_fill(p, x + column * zoom, y + row * zoom, zoom, zoom, ink);
        }
}

static void put_letter(picture *p, int x, int y, colour ink, char letter) {
    for (int row = 0; row < GLYPH_HEIGHT; row++)
        for (int column = 0; column < GLYPH_WIDTH; column++)
            if (glyph_pixel(letter, row, column)) put_pixel(p, x + column, y + row, ink);
}

void picture_text(picture *p, int x, int y, int most, colour ink, const char *text) {
    bool cut = text_width(text) > most;
    for (int i = 0; *text && i < most; text++) {
        if (((unsigned char)*text & 0xc0) == 0x80) continue; /* the rest of a letter that was shown as '?' */
        char letter = cut && i >= most - 2 ? '.' : *text;
        put_letter(p, x + i++ * TEXT_ADVANCE, y, ink, letter);
    }
}

status pictures_stack(const picture *list, int n, picture *out, err *e) {
    int width = 1, height = 0;
    for (int i = 0; i < n; i++) {
        width = list[i].width > width ? list[i].width : width;
        height += list[i].height;
    }
    status s = picture_new(width, height > 0 ? height : 1, (colour){255, 255, 255}, out, e);
    for (int i = 0, top = 0; s == STATUS_OK && i < n; top += list[i++].height)
        for (int y = 0; y < list[i].height; y++)
            memcpy(out->pixels + (size_t)(top + y) * (size_t)width * 3,
                   list[i].pixels + (size_t)y * (size_t)list[i].width * 3, (size_t)list[i].width * 3);
    return s;
}
