/* The font of pictures. */
#ifndef AUDIT_PICTURE_INTERNAL_H
#define AUDIT_PICTURE_INTERNAL_H

#include <stdbool.h>

enum { GLYPH_WIDTH = 5, GLYPH_HEIGHT = 9 };

/* Whether a pixel of a letter is ink; a letter that the font does not have is shown as '?'. */
bool glyph_pixel(char letter, int row, int column);

#endif
