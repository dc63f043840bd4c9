#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

/* In shares of the shorter side (32 pixels in CIFAR-10-C). The first severity moves three points further than all others and does nothing else:
 * damage need not rise with severity. */
typedef struct stretch {
    double amplitude, sigma; /* of displacements pixel by pixel */
    double corners;          /* how far three points are moved, each way */
} stretch;

/* source = matrix * (target - moved) + centre */
typedef struct affine {
    double matrix[2][2], from[2], to[2]; /* x, y */
} affine;

/* From where three points went. */
static affine affine_drawn(corrupt_call *c, double reach) {
    int side_pixels = (c->s.h < c->s.w ? c->s.h : c->s.w) / 3, middle[2] = {c->s.w / 2, c->s.h / 2};
    double side = side_pixels, corner[2] = {middle[0] + side, middle[1] + side}, moved[3][2];
    for (int p = 0; p < 3; p++)
        for (int k = 0; k < 2; k++)
            moved[p][k] = reach * (2 * rng_uniform_double(&c->random) - 1);
    affine a = {.matrix = {{1, 0}, {0, 1}}, .from = {corner[0], corner[1]}, .to = {corner[0], corner[1]}};
    if (side < 1) return a;
    double across[2] = {1 + (moved[1][0] - moved[2][0]) / (2 * side),
                        (moved[1][1] - moved[2][1]) / (2 * side)};
    double down[2] = {(moved[0][0] - moved[1][0]) / (2 * side), 1 + (moved[0][1] - moved[1][1]) / (2 * side)};
    double area = across[0] * down[1] - across[1] * down[0];
    if (fabs(area) < 0.05) return a;
    for (int k = 0; k < 2; k++)
        a.to[k] += moved[0][k];
    a.matrix[0][0] = down[1] / area;
    a.matrix[0][1] = -down[0] / area;
    a.matrix[1][0] = -across[1] / area;
    a.matrix[1][1] = across[0] / area;
    return a;
}

static void warp(const corrupt_call *c, const affine *a, float *out) {
    for (int y = 0; y < c->s.h; y++)
        for (int x = 0; x < c->s.w; x++) {
            double dx = x - a->to[0], dy = y - a->to[1];
            double from_x = a->from[0] + a->matrix[0][0] * dx + a->matrix[0][1] * dy;
            double from_y = a->from[1] + a->matrix[1][0] * dx + a->matrix[1][1] * dy;
            for (int k = 0; k < c->s.c; k++)
                *out++ = sample_linear(c->x, c->s, from_y, from_x, k, edge_mirror);
        }
}

static bool displacements(corrupt_call *c, double sigma, double amplitude, float *out) {
    shape s = {c->s.h, c->s.w, 1};
    for (size_t i = 0; i < shape_size(s); i++)
        out[i] = rng_range(&c->random, -1, 1);
    if (!blur_gaussian(out, s, sigma, 3, edge_fold, out, c->memory)) return false;
    for (size_t i = 0; i < shape_size(s); i++)
        out[i] *= (float)amplitude;
    return true;
}

static status apply(corrupt_call *c) {
    static const stretch stretches[SEVERITIES] = {
        {0, 0, .08}, {.05, .2, .07}, {.08, .06, .06}, {.1, .04, .05}, {.1, .03, .03}};
    const stretch *k = &stretches[c->level];
    double side = c->s.h < c->s.w ? c->s.h : c->s.w;
    size_t pixels = (size_t)c->s.h * (size_t)c->s.w;
    affine a = affine_drawn(c, k->corners * side);
    float *warped = arena_array(c->memory, shape_size(c->s), sizeof *warped);
    float *dx = arena_array(c->memory, pixels, sizeof *dx), *dy = arena_array(c->memory, pixels, sizeof *dy);
    if (!warped || !dx || !dy || !displacements(c, k->sigma * side, k->amplitude * side, dx) ||
        !displacements(c, k->sigma * side, k->amplitude * side, dy))
        return STATUS_NO_MEMORY;
    warp(c, &a, warped);
    float *out = c->out;
    for (int y = 0; y < c->s.h; y++)
        for (int x = 0; x < c->s.w; x++, dx++, dy++)
            for (int channel = 0; channel < c->s.c; channel++)
                *out++ = sample_linear(warped, c->s, y + (double)*dy, x + (double)*dx, channel, edge_fold);
    return STATUS_OK;
}

const corruption corruption_elastic_transform = {.name = "elastic_transform",
                                                 .what = "stretched and rippled",
                                                 .family = "digital",
                                                 .uneven = true,
                                                 .apply = apply};
