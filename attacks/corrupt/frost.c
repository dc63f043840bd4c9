#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

/* The published corruption lays photographs of frost over the image. This draws some: haze, ridges of cloud for cracks, and needles with side
 * branches at 60 degrees. */

static void brighten(float *ice, shape s, double y, double x, float light) {
    int top = (int)floor(y + 0.5), left = (int)floor(x + 0.5);
    if (top < 0 || left < 0 || top >= s.h || left >= s.w) return;
    float *pixel = &ice[(size_t)top * (size_t)s.w + (size_t)left];
    *pixel = fmaxf(*pixel, light);
}

static void needle(float *ice, shape s, double y, double x, double angle, int length, float light) {
    for (int i = 0; i < length; i++)
        brighten(ice, s, y + i * sin(angle), x + i * cos(angle),
                 light * (1 - 0.6f * (float)i / (float)length));
}

static void crystal(corrupt_call *c, float *ice, shape s) {
    const double sixth = 1.0471975511965976;
    double y = s.h * rng_uniform_double(&c->random), x = s.w * rng_uniform_double(&c->random);
    double angle = 6 * sixth * rng_uniform_double(&c->random);
    int length = 6 + (int)rng_below(&c->random, 10);
    float light = rng_range(&c->random, 0.65f, 1);
    needle(ice, s, y, x, angle, length, light);
    for (int i = 2; i < length; i += 3)
        for (int side = -1; side <= 1; side += 2)
            needle(ice, s, y + i * sin(angle), x + i * cos(angle), angle + side * sixth, (length - i) / 2,
                   0.85f * light);
}

static bool draw(corrupt_call *c, float *ice, shape s) {
    enum { PIXELS_A_CRYSTAL = 60 };
    size_t pixels = shape_size(s);
    float *haze = arena_array(c->memory, pixels, sizeof *haze);
    if (!haze || !clouds(&c->random, s.h, s.w, 1.7, haze, c->memory) ||
        !clouds(&c->random, s.h, s.w, 2, ice, c->memory))
        return false;
    for (size_t i = 0; i < pixels; i++) {
        float ridge = 1 - fabsf(2 * ice[i] - 1);
        ice[i] = 0.25f + 0.3f * haze[i] + 0.45f * ridge * ridge * ridge * ridge;
    }
    for (size_t i = 0; i <= pixels / PIXELS_A_CRYSTAL; i++)
        crystal(c, ice, s);
    return true;
}

static status apply(corrupt_call *c) {
    static const float shares[SEVERITIES][2] = {{1, .2f}, {1, .3f}, {.9f, .4f}, {.85f, .4f}, {.75f, .45f}};
    static const float tints[] = {0.88f, 0.96f, 1};
    shape s = {c->s.h, c->s.w, 1};
    float *ice = arena_array(c->memory, shape_size(s), sizeof *ice);
    if (!ice || !draw(c, ice, s)) return STATUS_NO_MEMORY;
    size_t channels = (size_t)c->s.c;
    for (size_t i = 0; i < shape_size(c->s); i++)
        c->out[i] = shares[c->level][0] * c->x[i] +
                    shares[c->level][1] * ice[i / channels] * (channels == 3 ? tints[i % 3] : 1);
    return STATUS_OK;
}

const corruption corruption_frost = {.name = "frost",
                                     .what = "a frosted pane, drawn: the published one lays photographs over",
                                     .family = "weather",
                                     .not_comparable = true,
                                     .uneven = true,
                                     .apply = apply};
