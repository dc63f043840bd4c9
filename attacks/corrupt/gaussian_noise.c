#include "attacks/corrupt/corrupt_internal.h"

static status apply(corrupt_call *c) {
    static const float deviations[SEVERITIES] = {.04f, .06f, .08f, .09f, .10f};
    for (size_t i = 0; i < shape_size(c->s); i++)
        c->out[i] = c->x[i] + deviations[c->level] * rng_normal(&c->random);
    return STATUS_OK;
}

const corruption corruption_gaussian_noise = {
    .name = "gaussian_noise", .what = "noise of a sensor in low light", .family = "noise", .apply = apply};
