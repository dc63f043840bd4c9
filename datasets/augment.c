#include "datasets/augment.h"

#include <stdlib.h>

#include "datasets/augment_internal.h"

void augment_free(augmentation *a) {
    free(a->mirrored);
    *a = (augmentation){0};
}

/* The label follows the image: the mirror image of a left arrow is a right arrow. */
static void flip_target(const augmentation *a, float probability, rng *random, shape s, float *x,
                        int32_t *label) {
    if (rng_uniform(random) >= probability) return;
    image_mirror(s, x);
    if (*label >= 0 && *label < a->classes) *label = a->mirrored[*label];
}

void augment_apply(const augmentation *a, uint64_t seed, int32_t row, int epoch, shape s, float *x,
                   int32_t *label, float *scratch) {
    static augment_step *const steps[AUGMENT_KINDS] = {
        [AUGMENT_flip] = augment_flip,
        [AUGMENT_vflip] = augment_vflip,
        [AUGMENT_shift] = augment_shift,
        [AUGMENT_crop] = augment_crop,
        [AUGMENT_rotate] = augment_rotate,
        [AUGMENT_noise] = augment_noise,
        [AUGMENT_brightness] = augment_brightness,
        [AUGMENT_contrast] = augment_contrast,
        [AUGMENT_cutout] = augment_cutout,
        [AUGMENT_affine] = augment_affine,
        [AUGMENT_shear] = augment_shear,
        [AUGMENT_erase] = augment_erase,
        [AUGMENT_erase_mean] = augment_erase_mean,
        [AUGMENT_saturation] = augment_saturation,
        [AUGMENT_hue] = augment_hue,
        [AUGMENT_jitter] = augment_jitter,
        [AUGMENT_sharpness] = augment_sharpness,
        [AUGMENT_invert] = augment_invert,
        [AUGMENT_posterize] = augment_posterize,
        [AUGMENT_solarize] = augment_solarize,
        [AUGMENT_autocontrast] = augment_autocontrast,
        [AUGMENT_equalize] = augment_equalize,
        [AUGMENT_trivial] = augment_trivial,
        [AUGMENT_randaugment] = augment_randaugment,
    };
    for (int i = 0; i < a->n; i++) {
        augment_kind kind = a->steps[i].kind;
        rng random = rng_stream(seed, "augment", (uint32_t)i, (uint32_t)row, (uint32_t)epoch, (uint32_t)kind);
        if (kind == AUGMENT_flip_target)
            flip_target(a, a->steps[i].strength, &random, s, x, label);
        else
            steps[kind](a->steps[i].strength, &random, s, x, scratch);
    }
}
