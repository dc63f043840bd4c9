/* Augmentations that turn, shear, scale: affine maps, bilinear, in one go. */
#include <math.h>
#include <string.h>

#include "datasets/augment_internal.h"

warp warp_none(void) {
    return (warp){.turn = {{1, 0}, {0, 1}}};
}

warp warp_rotation(float degrees) {
    float angle = degrees * 0.017453292519943295f, cosine = cosf(angle), sine = sinf(angle);
    return (warp){.turn = {{cosine, -sine}, {sine, cosine}}};
}

/* a after b: what b's map gives goes through a's. */
static warp warp_after(const warp *a, const warp *b) {
    warp both = *a;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            both.turn[i][k] = a->turn[i][0] * b->turn[0][k] + a->turn[i][1] * b->turn[1][k];
    return both;
}

/* The nearest place of 0..size-1. */
static float inside(float place, int size) {
    return place < 0 ? 0 : place > (float)(size - 1) ? (float)(size - 1) : place;
}

/* Adds to `pixel` its share of each of the four pixels around a place. */
static void bilinear(const float *x, shape s, float row, float column, float *pixel) {
    float top = floorf(row), left = floorf(column), down = row - top, right = column - left;
    for (int i = 0; i < 4; i++) {
        float y = top + (float)(i / 2), z = left + (float)(i % 2);
        if (!(y >= 0 && y < (float)s.h && z >= 0 && z < (float)s.w)) continue;
        float share = (i / 2 ? down : 1 - down) * (i % 2 ? right : 1 - right);
        const float *from = x + ((size_t)y * (size_t)s.w + (size_t)z) * (size_t)s.c;
        for (int c = 0; c < s.c; c++)
            pixel[c] += share * from[c];
    }
}

void image_warp(const warp *w, shape s, float *x, float *scratch) {
    float middle_row = (float)(s.h - 1) / 2, middle = (float)(s.w - 1) / 2;
    memcpy(scratch, x, shape_size(s) * sizeof *x);
    memset(x, 0, shape_size(s) * sizeof *x);
    for (int i = 0; i < s.h * s.w; i++) {
        float down = (float)(i / s.w) - middle_row, right = (float)(i % s.w) - middle;
        float row = middle_row + w->move[0] + w->turn[0][0] * down + w->turn[0][1] * right;
        float column = middle + w->move[1] + w->turn[1][0] * down + w->turn[1][1] * right;
        if (w->edge) {
            row = inside(row, s.h);
            column = inside(column, s.w);
        }
        bilinear(scratch, s, row, column, x + (size_t)i * (size_t)s.c);
    }
}

void augment_rotate(float strength, rng *random, shape s, float *x, float *scratch) {
    warp w = warp_rotation(rng_range(random, -strength, strength));
    image_warp(&w, s, x, scratch);
}

static warp random_shear(float strength, rng *random) {
    warp w = warp_none();
    w.turn[0][1] = rng_range(random, -strength, strength);
    w.turn[1][0] = rng_range(random, -strength, strength);
    return w;
}

void augment_shear(float strength, rng *random, shape s, float *x, float *scratch) {
    warp w = random_shear(strength, random);
    image_warp(&w, s, x, scratch);
}

/* The size lies between 1 - strength and 1 + strength, but not below a tenth. */
void augment_affine(float strength, rng *random, shape s, float *x, float *scratch) {
    const float quarter = 90, smallest = 0.1f;
    warp rotation = warp_rotation(quarter * rng_range(random, -strength, strength));
    warp shear = random_shear(strength, random), w = warp_after(&rotation, &shear);
    float size = fmaxf(1 + rng_range(random, -strength, strength), smallest);
    for (int i = 0; i < 4; i++)
        w.turn[i / 2][i % 2] /= size;
    w.move[0] = (float)s.h * rng_range(random, -strength, strength);
    w.move[1] = (float)s.w * rng_range(random, -strength, strength);
    image_warp(&w, s, x, scratch);
}
