/* The augmentations themselves, one function each. */
#ifndef DATASETS_AUGMENT_INTERNAL_H
#define DATASETS_AUGMENT_INTERNAL_H

#include "core/rng.h"
#include "core/status.h"
#include "core/tensor.h"

/* Changes the image `x` of shape s; `scratch` is as large. `strength` is in the unit of AUGMENT_LIST. */
typedef void augment_step(float strength, rng *random, shape s, float *x, float *scratch);

augment_step augment_flip, augment_vflip, augment_shift, augment_crop, augment_rotate;
augment_step augment_noise, augment_brightness, augment_contrast, augment_cutout;

void image_mirror(shape s, float *x); /* left-right */

/* The mirror image of each class, by augment_parse's rule; malloc'ed. STATUS_USAGE when each is its own. */
MUST_CHECK status augment_mirrors(int classes, const char *const *names, int32_t **mirrored, err *e);

#endif
