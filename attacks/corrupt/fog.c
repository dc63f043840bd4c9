#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

static status apply(corrupt_call *c) {
    static const double fogs[SEVERITIES][2] = {{.2, 3}, {.5, 3}, {.75, 2.5}, {1, 2}, {1.5, 1.75}};
    size_t channels = (size_t)c->s.c, pixels = (size_t)c->s.h * (size_t)c->s.w;
    float *fog = arena_array(c->memory, pixels, sizeof *fog);
    if (!fog || !clouds(&c->random, c->s.h, c->s.w, fogs[c->level][1], fog, c->memory))
        return STATUS_NO_MEMORY;
    float thick = (float)fogs[c->level][0], most = 0;
    for (size_t i = 0; i < pixels * channels; i++)
        most = fmaxf(most, c->x[i]);
    for (size_t i = 0; i < pixels * channels; i++)
        c->out[i] = (c->x[i] + thick * fog[i / channels]) * most / (most + thick);
    return STATUS_OK;
}

const corruption corruption_fog = {.name = "fog", .what = "fog", .family = "weather", .apply = apply};
