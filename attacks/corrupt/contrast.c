#include "attacks/corrupt/corrupt_internal.h"

/* Towards the mean of each channel. */
static status apply(corrupt_call *c) {
    static const double kept[SEVERITIES] = {.75, .5, .4, .3, .15};
    size_t channels = (size_t)c->s.c, floats = shape_size(c->s), pixels = floats / channels;
    for (size_t k = 0; k < channels; k++) {
        double mean = 0;
        for (size_t i = k; i < floats; i += channels)
            mean += (double)c->x[i];
        mean /= (double)pixels;
        for (size_t i = k; i < floats; i += channels)
            c->out[i] = (float)(((double)c->x[i] - mean) * kept[c->level] + mean);
    }
    return STATUS_OK;
}

const corruption corruption_contrast = {
    .name = "contrast", .what = "little contrast", .family = "digital", .apply = apply};
