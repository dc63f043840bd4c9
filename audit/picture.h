/* A canvas of RGB pixels: rectangles, enlarged images and small text. What falls outside is cut off. */
#ifndef AUDIT_PICTURE_H
#define AUDIT_PICTURE_H

#include <stdint.h>

#include "core/status.h"
#include "core/tensor.h"

typedef struct picture {
    int width, height;
    uint8_t *pixels; /* height x width x 3, owned */
} picture;

typedef struct colour {
    uint8_t red, green, blue;
} colour;

enum { TEXT_ADVANCE = 6, TEXT_LINE = 11 }; /* pixels from one letter, and one line, to the next */

MUST_CHECK status picture_new(int width, int height, colour ground, picture *out, err *e);
void picture_free(picture *p);

void picture_fill(picture *p, int x, int y, int width, int height, colour ink);

/* The smallest zoom at which the longer side of an image has `side` pixels or more. */
int picture_zoom(shape s, int side);

/* An image of [0,1] floats (h x w x 1 or 3) with every pixel `zoom` x `zoom`, its top left corner at (x, y). */
void picture_image(picture *p, int x, int y, int zoom, shape s, const float *image);

/* One line, at most `most` letters: longer ones end in "..". Letters outside ASCII are shown as '?'. */
void picture_text(picture *p, int x, int y, int most, colour ink, const char *text);

/* Pictures one below the other, as wide as the widest, on white. */
MUST_CHECK status pictures_stack(const picture *list, int n, picture *out, err *e);

#endif
