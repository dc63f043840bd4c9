#include <string.h>

#include "attacks/corrupt/corrupt_internal.h"

typedef struct glass {
    double sigma;
    int reach, rounds;
} glass;

/* Every pixel but those at the borders takes the place of one above or left of it. The published code means to swap the two, but its assignment
 * copies; so do its arrays, and this. */
static void shuffle(corrupt_call *c, int reach) {
    size_t pixel = (size_t)c->s.c;
    for (int y = c->s.h - reach; y > reach; y--)
        for (int x = c->s.w - reach; x > reach; x--) {
            int dx = (int)rng_below(&c->random, 2 * (uint32_t)reach) - reach;
            int dy = (int)rng_below(&c->random, 2 * (uint32_t)reach) - reach;
            memmove(c->out + ((size_t)y * (size_t)c->s.w + (size_t)x) * pixel,
                    c->out + ((size_t)(y + dy) * (size_t)c->s.w + (size_t)(x + dx)) * pixel,
                    pixel * sizeof(float));
        }
}

static status apply(corrupt_call *c) {
    static const glass panes[SEVERITIES] = {{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}};
    const glass *g = &panes[c->level];
    if (!blur_gaussian(c->x, c->s, g->sigma, 4, edge_repeat, c->out, c->memory)) return STATUS_NO_MEMORY;
    for (int round = 0; round < g->rounds; round++)
        shuffle(c, g->reach);
    bool blurred = blur_gaussian(c->out, c->s, g->sigma, 4, edge_repeat, c->out, c->memory);
    return blurred ? STATUS_OK : STATUS_NO_MEMORY;
}

const corruption corruption_glass_blur = {.name = "glass_blur",
                                          .what = "seen through frosted glass",
                                          .family = "blur",
                                          .uneven = true,
                                          .apply = apply};
