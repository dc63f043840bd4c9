/* rate * x + 1/2, cut to 0..1: rate is 1/6 in PyTorch and .2 in ONNX and Keras. */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    float y = rate * x + .5F;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static float slope(float x, float y, float rate) {
    (void)x;
    return y > 0 && y < 1 ? rate : 0;
}

static const layer_sample samples[] = {{{.rate = 1.F / 6}, 1, {{3, 4, 5}}}, {{.rate = .8F}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(hard_sigmoid, FIELD_RATE, 0, LAYER_KEEPS_OUTPUT);
