/* The augmentations themselves, one function each. */
#ifndef DATASETS_AUGMENT_INTERNAL_H
#define DATASETS_AUGMENT_INTERNAL_H

#include "core/rng.h"
#include "core/status.h"
#include "core/tensor.h"
#include "datasets/warp.h"

/* Changes the image `x` of shape s; `scratch` is as large. `strength` is in the unit of AUGMENT_LIST. */
typedef void augment_step(float strength, rng *random, shape s, float *x, float *scratch);

augment_step augment_flip, augment_vflip, augment_shift, augment_crop;
augment_step augment_rotate, augment_shear, augment_affine;
augment_step augment_noise, augment_brightness, augment_contrast;
augment_step augment_cutout, augment_erase, augment_erase_mean;
augment_step augment_saturation, augment_hue, augment_jitter;
augment_step augment_invert, augment_posterize, augment_solarize, augment_autocontrast, augment_equalize;
augment_step augment_sharpness;
augment_step augment_trivial, augment_randaugment;

/* What they are made of: changes of a given strength, without chance. A factor 1 changes nothing. */

void image_mirror(shape s, float *x); /* left-right */

float value_clip(float value);                                 /* to [0, 1] */
void image_brightness(float factor, shape s, float *x);        /* about black */
void image_contrast(float factor, shape s, float *x);          /* about the image's mean */
void image_saturation(float factor, shape s, float *x);        /* about each pixel's grey; grey images stay */
void image_hue(float turn, shape s, float *x);                 /* of a whole turn of the hue; grey images stay */
void image_sharpness(float factor, shape s, float *x, float *scratch); /* about the smoothed image; the border stays */
void image_invert(shape s, float *x);
void image_posterize(int bits, shape s, float *x);             /* keeps the highest of 8 bits */
void image_solarize(float threshold, shape s, float *x);       /* inverts values >= threshold */
void image_autocontrast(shape s, float *x);                    /* each channel to 0..1 */
void image_equalize(shape s, float *x);                        /* each channel's histogram to even */

/* The mirror image of each class, by augment_parse's rule; malloc'ed. STATUS_USAGE when each is its own. */
MUST_CHECK status augment_mirrors(int classes, const char *const *names, int32_t **mirrored, err *e);

#endif
