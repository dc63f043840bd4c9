/* x where it is positive, else rate * x. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    return x > 0 ? x : rate * x;
}

static float slope(float x, float y, float rate) {
    (void)y;
    return x > 0 ? 1 : rate;
}

static const layer_sample samples[] = {{{.rate = .2F}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(leaky_relu, FIELD_RATE, LAYER_RECTIFIER, LAYER_KEEPS_INPUT);
