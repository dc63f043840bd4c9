/* The kinds of defences.def. */
#ifndef ATTACKS_DEFENCE_INTERNAL_H
#define ATTACKS_DEFENCE_INTERNAL_H

#include "attacks/defence.h"

#define DEFENCE(name) extern const defence defence_##name;
#include "attacks/defences.def"
#undef DEFENCE

/* Float index of pixel (row, column) of an image. */
static inline size_t pixel_at(shape s, int row, int column) {
    return ((size_t)row * (size_t)s.w + (size_t)column) * (size_t)s.c;
}

/* For defence.fits of kinds whose strength is a number of pixels: fewer than the image's smaller side. */
status defence_fits_side(double strength, shape s, err *e);

#endif
