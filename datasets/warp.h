/* Images turned, moved, scaled and sheared: affine maps, bilinear, in one go. */
#ifndef DATASETS_WARP_H
#define DATASETS_WARP_H

#include <stdbool.h>

#include "core/tensor.h"

/* Pixel (row, column) of the new image is the old one at centre + move + turn * (place - centre), between pixels bilinear. Rows count down,
 * columns right; lengths in pixels. Outside is black, or with `edge` what the nearest pixel of the border is. */
typedef struct warp {
    float turn[2][2]; /* {row, column} of the old place by {row, column} of the new one */
    float move[2];
    bool edge;
} warp;

warp warp_none(void);
warp warp_rotation(float degrees); /* clockwise as one sees the image */

/* Changes x, of shape s; `scratch` is as large. */
void image_warp(const warp *w, shape s, float *x, float *scratch);

#endif
