/* The two halves of the Square Attack: what it tries next in Linf, and in L2 and L1. See search_rules in blackbox_internal.h. */
#ifndef ATTACKS_EVASION_SQUARE_INTERNAL_H
#define ATTACKS_EVASION_SQUARE_INTERNAL_H

#include "attacks/evasion/blackbox_internal.h"

/* A rectangle of an image; all of it inside. */
typedef struct window {
    int row, column, rows, columns;
} window;

/* Float index of one channel of a pixel. */
static inline size_t square_float(const attack_sample *s, int row, int column, int channel) {
    return ((size_t)row * (size_t)s->image.w + (size_t)column) * (size_t)s->image.c + (size_t)channel;
}

/* A place for a square of `side` pixels, cut to the image where that is smaller, that is equally likely everywhere, the last row and column included. */
window square_place(const attack_sample *s, int side, rng *g);

/* The share of the image that a square covers at a stage, and the side of such a square, at least 1. */
double square_share(int stage);
int square_side(const attack_sample *s, int stage);

void square_begin_bumps(const attack_sample *s, rng *g, float *x);
void square_propose_bumps(const attack_sample *s, int stage, const float *best, rng *g, float *x);

#endif
