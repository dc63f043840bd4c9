/* One of many changes at random: TrivialAugment (Mueller and Hutter 2021) and RandAugment (Cubuk et al. 2020). */
#include <math.h>

#include "datasets/augment_internal.h"

/* A change by `amount`, in the unit of its range below. */
typedef void change(float amount, shape s, float *x, float *scratch);

static void leave(float amount, shape s, float *x, float *scratch) {
    (void)amount;
    (void)s;
    (void)x;
    (void)scratch;
}

static void shear_rows(float amount, shape s, float *x, float *scratch) {
    warp w = warp_none();
    w.turn[0][1] = amount;
    image_warp(&w, s, x, scratch);
}

static void shear_columns(float amount, shape s, float *x, float *scratch) {
    warp w = warp_none();
    w.turn[1][0] = amount;
    image_warp(&w, s, x, scratch);
}

static void move_rows(float amount, shape s, float *x, float *scratch) {
    warp w = warp_none();
    w.move[0] = truncf(amount * (float)s.h);
    image_warp(&w, s, x, scratch);
}

static void move_columns(float amount, shape s, float *x, float *scratch) {
    warp w = warp_none();
    w.move[1] = truncf(amount * (float)s.w);
    image_warp(&w, s, x, scratch);
}

static void turn(float amount, shape s, float *x, float *scratch) {
    warp w = warp_rotation(amount);
    image_warp(&w, s, x, scratch);
}

static void brighten(float amount, shape s, float *x, float *scratch) {
    (void)scratch;
    image_brightness(1 + amount, s, x);
}

static void saturate(float amount, shape s, float *x, float *scratch) {
    (void)scratch;
    image_saturation(1 + amount, s, x);
}

static void contrast(float amount, shape s, float *x, float *scratch) {
    (void)scratch;
    image_contrast(1 + amount, s, x);
}

static void sharpen(float amount, shape s, float *x, float *scratch) {
    image_sharpness(1 + amount, s, x, scratch);
}

static void drop_bits(float amount, shape s, float *x, float *scratch) {
    (void)scratch;
    image_posterize(8 - (int)(amount + 0.5f), s, x);
}

static void solarize(float amount, shape s, float *x, float *scratch) {
    (void)scratch;
    if (amount > 0) image_solarize(1 - amount, s, x);
}

static void autocontrast(float amount, shape s, float *x, float *scratch) {
    (void)amount;
    (void)scratch;
    image_autocontrast(s, x);
}

static void equalize(float amount, shape s, float *x, float *scratch) {
    (void)amount;
    (void)scratch;
    image_equalize(s, x);
}

/* The list of both papers, each with the end of its range in RandAugment's space and in the wide one of TrivialAugment. Moves are shares of
 * the side: 32 pixels of an image of 32 in the paper. */
static const struct {
    change *apply;
    float usual, wide;
    int both_signs;
} changes[] = {{leave, 0, 0, 0},           {shear_rows, 0.3f, 0.99f, 1}, {shear_columns, 0.3f, 0.99f, 1},
               {move_rows, 0.45f, 1, 1},   {move_columns, 0.45f, 1, 1},  {turn, 30, 135, 1},
               {brighten, 0.9f, 0.99f, 1}, {saturate, 0.9f, 0.99f, 1},   {contrast, 0.9f, 0.99f, 1},
               {sharpen, 0.9f, 0.99f, 1},  {drop_bits, 4, 6, 0},         {solarize, 1, 1, 0},
               {autocontrast, 0, 0, 0},    {equalize, 0, 0, 0}};

enum { CHANGES = sizeof changes / sizeof *changes, LEVELS = 30 };

static void change_once(float level, int wide, rng *random, shape s, float *x, float *scratch) {
    uint32_t i = rng_below(random, CHANGES);
    float amount = level * (wide ? changes[i].wide : changes[i].usual);
    if (rng_u32(random) >> 31 && changes[i].both_signs) amount = -amount;
    changes[i].apply(amount, s, x, scratch);
}

void augment_trivial(float strength, rng *random, shape s, float *x, float *scratch) {
    float level = (float)rng_below(random, LEVELS + 1) / LEVELS;
    change_once(strength * level, 1, random, s, x, scratch);
}

void augment_randaugment(float strength, rng *random, shape s, float *x, float *scratch) {
    for (int i = 0; i < 2; i++)
        change_once(strength / LEVELS, 0, random, s, x, scratch);
}
