/* The error function: what exported GELUs are made of. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    (void)rate;
    return erff(x);
}

static float slope(float x, float y, float rate) {
    (void)y, (void)rate;
    return 1.1283791671F * expf(-x * x); /* 2 / sqrt(pi) */
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(erf, 0, 0, LAYER_KEEPS_INPUT);
