/* x * sigmoid(x), also called swish. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    (void)rate;
    return x / (1 + expf(-x));
}

static float slope(float x, float y, float rate) {
    (void)y, (void)rate;
    float s = 1 / (1 + expf(-x));
    return s * (1 + x * (1 - s));
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(silu, 0, LAYER_RECTIFIER, LAYER_KEEPS_INPUT);
