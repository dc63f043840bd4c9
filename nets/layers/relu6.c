/* min(max(x, 0), 6), the rectifier of MobileNet. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    (void)rate;
    return x < 0 ? 0 : x > 6 ? 6 : x;
}

static float slope(float x, float y, float rate) {
    (void)y, (void)rate;
    return x > 0 && x < 6 ? 1 : 0;
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(relu6, 0, LAYER_RECTIFIER, LAYER_KEEPS_INPUT);
