#include "attacks/corrupt/corrupt_internal.h"

static status apply(corrupt_call *c) {
    static const double photons[SEVERITIES] = {500, 250, 100, 75, 50}; /* that make a pixel white */
    double white = photons[c->level];
    for (size_t i = 0; i < shape_size(c->s); i++)
        c->out[i] = (float)(rng_poisson(&c->random, white * (double)c->x[i]) / white);
    return STATUS_OK;
}

const corruption corruption_shot_noise = {
    .name = "shot_noise", .what = "noise of few photons (Poisson)", .family = "noise", .apply = apply};
