#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"
#include "datasets/image.h"

typedef struct snowfall {
    double mean, deviation; /* of the noise that flakes are made of */
    double zoom;            /* size of flakes */
    float threshold;        /* noise below it is no flake */
    float radius, sigma;    /* of the streaks */
    float kept;             /* share of the image that is not whitened */
} snowfall;

static bool flakes(corrupt_call *c, const snowfall *f, float *out) {
    shape s = {c->s.h, c->s.w, 1};
    size_t pixels = shape_size(s);
    float *noise = arena_array(c->memory, pixels, sizeof *noise);
    float *large = arena_array(c->memory, pixels, sizeof *large);
    if (!noise || !large) return false;
    double angle = -135 + 90 * rng_uniform_double(&c->random);
    for (size_t i = 0; i < pixels; i++)
        noise[i] = (float)(f->mean + f->deviation * (double)rng_normal(&c->random));
    zoom_middle(noise, s, f->zoom, large);
    for (size_t i = 0; i < pixels; i++)
        large[i] = large[i] < f->threshold ? 0 : fminf(large[i], 1);
    blur_streak(large, s, (double)f->radius, (double)f->sigma, angle, out);
    return true;
}

/* Flakes, and the same turned by half a turn, before a whitened image. The many thin streaks of severity 2 mislead nets more than the few thick
 * ones of severity 3. */
static status apply(corrupt_call *c) {
    static const snowfall falls[SEVERITIES] = {{.1, .2, 1, .6f, 8, 3, .95f},
                                               {.1, .2, 1, .5f, 10, 4, .9f},
                                               {.15, .3, 1.75, .55f, 10, 4, .9f},
                                               {.25, .3, 2.25, .6f, 12, 6, .85f},
                                               {.3, .3, 1.25, .65f, 14, 12, .8f}};
    const snowfall *f = &falls[c->level];
    size_t pixels = (size_t)c->s.h * (size_t)c->s.w, channels = (size_t)c->s.c;
    float *layer = arena_array(c->memory, pixels, sizeof *layer);
    if (!layer || !flakes(c, f, layer)) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < pixels; i++) {
        const float *x = c->x + i * channels;
        float white = image_luma(x, c->s.c) * 1.5f + 0.5f, snow = layer[i] + layer[pixels - 1 - i];
        for (size_t k = 0; k < channels; k++)
            c->out[i * channels + k] = f->kept * x[k] + (1 - f->kept) * fmaxf(x[k], white) + snow;
    }
    return STATUS_OK;
}

const corruption corruption_snow = {
    .name = "snow", .what = "it snows", .family = "weather", .uneven = true, .apply = apply};
