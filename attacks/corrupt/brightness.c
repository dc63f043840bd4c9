#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

/* Raises the value of HSV. With hue and saturation kept, that multiplies a pixel; black, which has none, becomes grey. */
static status apply(corrupt_call *c) {
    static const float steps[SEVERITIES] = {.05f, .1f, .15f, .2f, .3f};
    size_t channels = (size_t)c->s.c;
    for (size_t i = 0; i < shape_size(c->s); i += channels) {
        float value = 0;
        for (size_t k = 0; k < channels; k++)
            value = fmaxf(value, c->x[i + k]);
        float raised = fminf(value + steps[c->level], 1);
        for (size_t k = 0; k < channels; k++)
            c->out[i + k] = value > 0 ? c->x[i + k] / value * raised : raised;
    }
    return STATUS_OK;
}

const corruption corruption_brightness = {
    .name = "brightness", .what = "too bright", .family = "weather", .apply = apply};
