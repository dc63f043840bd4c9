/* What methods share that are told the class alone, which is attack_succeeds: where to begin. */
#ifndef ATTACKS_EVASION_DECISION_INTERNAL_H
#define ATTACKS_EVASION_DECISION_INTERNAL_H

#include "attacks/evasion/blackbox_internal.h"

enum { DECISION_TRIES = 200 };

/* x <- the image to try after `tried` others: noise of single pixels first, and then by turns noise of blocks of a random size, of any grey or of black and
 * white, alone or blended with the clean image (Brendel et al. 2018 start from noise; blocks reach classes that fine noise does
 * not). `purpose` names the random stream. */
void decision_try(const attack_sample *s, const char *purpose, int tried, float *x);

/* x <- the image at share t of the way from x0 to `from`: on the line for L2; for Linf `from` with no change above t times the largest. */
void decision_blend(const attack_sample *s, const float *from, double t, float *x);

#endif
