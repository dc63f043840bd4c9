/* x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019). */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    (void)rate;
    return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
}

static float slope(float x, float y, float rate) {
    (void)y, (void)rate;
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}

static const layer_sample samples[] = {{{0}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(hardswish, 0, LAYER_RECTIFIER, LAYER_KEEPS_INPUT);
