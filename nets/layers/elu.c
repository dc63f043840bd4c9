/* x where it is positive, else rate * (exp(x) - 1) (Clevert et al. 2016). */
#include "nets/layers/activation_internal.h"

static float value(float x, float rate) {
    return x > 0 ? x : rate * expm1f(x);
}

static float slope(float x, float y, float rate) {
    (void)y;
    return x > 0 ? 1 : rate * expf(x);
}

static const layer_sample samples[] = {{{.rate = .5F}, 1, {{3, 4, 5}}}, {{0}, 1, {{1, 1, 17}}}};

ACTIVATION_LAYER(elu, FIELD_RATE, LAYER_RECTIFIER, LAYER_KEEPS_INPUT);
