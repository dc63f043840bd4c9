/* Augmentations of colour. On grey images brightness and contrast are all that there is. */
#include <math.h>

#include "datasets/augment_internal.h"
#include "datasets/image.h"

static int is_colour(shape s) {
    return s.c == 3;
}

void image_saturation(float factor, shape s, float *x) {
    if (!is_colour(s)) return;
    for (float *pixel = x; pixel < x + shape_size(s); pixel += 3) {
        float grey = image_luma(pixel, 3);
        for (int c = 0; c < 3; c++)
            pixel[c] = value_clip(grey + factor * (pixel[c] - grey));
    }
}

/* Value of a channel in HSV: `hue` in sixths of a turn, `place` 5, 3, 1 for red, green, blue. */
static float channel_of_hue(float hue, float place, float most, float chroma) {
    float k = fmodf(place + hue, 6);
    return most - chroma * fmaxf(0, fminf(fminf(k, 4 - k), 1));
}

/* The hue of a pixel that is not grey, in sixths of a turn from red, 0 <= hue < 6. */
static float hue_of(const float *p, float most, float chroma) {
    float hue = most == p[0]   ? (p[1] - p[2]) / chroma
                : most == p[1] ? (p[2] - p[0]) / chroma + 2
                               : (p[0] - p[1]) / chroma + 4;
    return hue < 0 ? hue + 6 : hue;
}

void image_hue(float turn, shape s, float *x) {
    if (!is_colour(s) || turn == 0) return;
    for (float *p = x; p < x + shape_size(s); p += 3) {
        float most = fmaxf(fmaxf(p[0], p[1]), p[2]), chroma = most - fminf(fminf(p[0], p[1]), p[2]);
        if (!(chroma > 0)) continue;
        float hue = hue_of(p, most, chroma) + 6 * turn;
        hue -= 6 * floorf(hue / 6);
        for (int c = 0; c < 3; c++)
            p[c] = value_clip(channel_of_hue(hue, (float)(5 - 2 * c), most, chroma));
    }
}

void augment_saturation(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    image_saturation(1 + rng_range(random, -strength, strength), s, x);
}

void augment_hue(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    image_hue(rng_range(random, -strength, strength), s, x);
}

void augment_jitter(float strength, rng *random, shape s, float *x, float *scratch) {
    static augment_step *const parts[] = {augment_brightness, augment_contrast, augment_saturation,
                                          augment_hue};
    int32_t order[] = {0, 1, 2, 3};
    rng_shuffle(random, order, 4);
    for (int i = 0; i < 4; i++)
        parts[order[i]](order[i] == 3 ? strength / 4 : strength, random, s, x, scratch);
}
