/* Augmentation: functions of (image, label, seed, row, epoch); nothing changes in place in a data set. */
#ifndef DATASETS_AUGMENT_H
#define DATASETS_AUGMENT_H

#include "core/rng.h"
#include "datasets/dataset.h"

/* X(name, what, unit of its strength, default strength): applied in the order the user wrote them, each with its own stream of random
 * numbers. `flip-target` changes the target with the image: see augment_parse. */
#define AUGMENT_LIST(X)                                                                                                \
    X(flip, "mirror left-right", "probability", 0.5)                                                                   \
    X(vflip, "mirror top-bottom", "probability", 0.5)                                                                  \
    X(shift, "move, zeros come in", "largest shift in pixels", 2)                                                      \
    X(crop, "reflect-pad and crop back to size", "padding in pixels", 4)                                               \
    X(rotate, "turn about the centre, bilinear", "largest angle in degrees", 10)                                       \
    X(noise, "Gaussian noise, clipped to [0, 1]", "standard deviation", 0.05)                                          \
    X(brightness, "multiply, clipped to [0, 1]", "largest relative change", 0.2)                                       \
    X(contrast, "stretch about the image's mean, clipped", "largest relative change", 0.2)                             \
    X(cutout, "a grey square at a random place (its centre may lie at the border)", "side in pixels", 8)               \
    X(affine, "turn, move, scale and shear at once, bilinear", "largest change: of a quarter turn, side, size, slope", 0.1) \
    X(shear, "shear in both directions, bilinear", "largest slope", 0.2)                                               \
    X(erase, "a rectangle of noise at a random place", "probability", 0.5)                                             \
    X(erase_mean, "a rectangle of the image's mean at a random place", "probability", 0.5)                             \
    X(saturation, "colours stronger or weaker; grey images stay", "largest relative change", 0.2)                      \
    X(hue, "turn the hue; grey images stay", "largest share of a turn", 0.05)                                          \
    X(jitter, "brightness, contrast, saturation and a quarter as much hue, in random order", "largest relative change", 0.2) \
    X(sharpness, "sharpen or blur", "largest relative change", 0.5)                                                    \
    X(invert, "the negative", "probability", 0.5)                                                                      \
    X(posterize, "keep the highest bits of each value", "fewest bits", 4)                                              \
    X(solarize, "the negative of bright values", "least threshold", 0.5)                                               \
    X(autocontrast, "stretch each channel to the whole range", "probability", 0.5)                                     \
    X(equalize, "make each channel's histogram even", "probability", 0.5)                                              \
    X(trivial, "TrivialAugment: one random change at a random strength", "share of the full range", 1)                 \
    X(randaugment, "RandAugment: two random changes at this strength", "strength of 30", 9)                            \
    X(flip_target, "mirror left-right AND swap the labels of mirrored classes", "probability", 0.5)

typedef enum augment_kind {
#define AUGMENT_ENUM(name, what, unit, strength) AUGMENT_##name,
    AUGMENT_LIST(AUGMENT_ENUM)
#undef AUGMENT_ENUM
    AUGMENT_KINDS
} augment_kind;

enum { AUGMENT_MOST = 16 };

typedef struct augmentation {
    int n;
    struct {
        augment_kind kind;
        float strength;
    } steps[AUGMENT_MOST];
    int32_t *mirrored;  /* for flip_target: class -> class of its mirror image; owned; NULL when not used */
    int classes;
} augmentation;

/* Parses "flip,shift=2,cutout=8" ("" is none). For flip-target ("flip-target=0.5") the mirrored class of each class is found by name: names that
 * differ only by left <-> right (any case, also l/r as a whole word) are each other's mirror, all others their own; it is
 * STATUS_USAGE when no class has such a partner. `class_names` has `classes` texts. */
MUST_CHECK status augment_parse(const char *text, int classes, const char *const *class_names, augmentation *out, err *e);

/* Augments one image (floats in [0,1], shape s) in `x`, and *label; `scratch` has shape_size(s) floats. Determined by (seed, row, epoch). */
void augment_apply(const augmentation *a, uint64_t seed, int32_t row, int epoch, shape s, float *x, int32_t *label, float *scratch);

void augment_free(augmentation *a);

#endif
