/* Hyperbolic tangent. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    (void)rate;
    return tanhf(x);
}

static float slope(float x, float y, float rate) {
    (void)x, (void)rate;
    return 1 - y * y;
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(tanh, 0, 0, LAYER_KEEPS_OUTPUT);
