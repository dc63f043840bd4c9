/* Generated pictures: what is drawn, apart from how data sets are made of it. */
#ifndef DATASETS_SYNTH_INTERNAL_H
#define DATASETS_SYNTH_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"

enum { SYNTH_SIDE = 28 };

/* Whether (u, v) lies inside figure `label` of about unit size; u points right, v down. */
typedef bool (*synth_figure)(int label, float u, float v);

bool synth_shape(int label, float u, float v); /* circle, cross, ring, square, triangle */
bool synth_arrow(int label, float u, float v); /* left, right, up, down */

/* Draws one picture: a figure of random place, size, turn and brightness on a noisy background. `small`
 * figures are harder, and those on a `light` background are harder still by construction: darker than it,
 * with less contrast and twice the noise. */
void synth_draw(synth_figure figure, int label, bool small, bool light, rng *random, uint8_t *pixels);

#endif
