#include "attacks/corrupt/corrupt_internal.h"

/* Salt and pepper, a value (not a pixel) at a time. */
static status apply(corrupt_call *c) {
    static const float amounts[SEVERITIES] = {.01f, .02f, .03f, .05f, .07f};
    for (size_t i = 0; i < shape_size(c->s); i++) {
        bool hit = rng_uniform(&c->random) < amounts[c->level], salt = rng_uniform(&c->random) < 0.5f;
        c->out[i] = hit ? (float)salt : c->x[i];
    }
    return STATUS_OK;
}

const corruption corruption_impulse_noise = {
    .name = "impulse_noise", .what = "values that fail: black or white", .family = "noise", .apply = apply};
