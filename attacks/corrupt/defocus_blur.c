#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

enum { REACH = 2, SIDE = 2 * REACH + 1 };

/* A disk of whole pixels, softened by a Gaussian of 3 x 3. */
static void disk(double radius, double softness, float kernel[SIDE][SIDE]) {
    double tap = exp(-0.5 / (softness * softness)), sum = 1 + 2 * tap, inside = 0;
    double weights[3] = {tap / sum, 1 / sum, tap / sum};
    for (int y = -REACH; y <= REACH; y++)
        for (int x = -REACH; x <= REACH; x++) {
            inside += y * y + x * x <= radius * radius;
            kernel[y + REACH][x + REACH] = 0;
            for (int v = -1; v <= 1; v++)
                for (int u = -1; u <= 1; u++)
                    if ((y + v) * (y + v) + (x + u) * (x + u) <= radius * radius)
                        kernel[y + REACH][x + REACH] += (float)(weights[v + 1] * weights[u + 1]);
        }
    for (int i = 0; i < SIDE * SIDE; i++)
        kernel[i / SIDE][i % SIDE] /= (float)inside;
}

static float blurred(const corrupt_call *c, float kernel[SIDE][SIDE], int y, int x, int channel) {
    float sum = 0;
    for (int v = -REACH; v <= REACH; v++)
        for (int u = -REACH; u <= REACH; u++) {
            size_t from_y = (size_t)edge_mirror(y + v, c->s.h), from_x = (size_t)edge_mirror(x + u, c->s.w);
            sum += kernel[v + REACH][u + REACH] *
                   c->x[(from_y * (size_t)c->s.w + from_x) * (size_t)c->s.c + (size_t)channel];
        }
    return sum;
}

static status apply(corrupt_call *c) {
    static const double disks[SEVERITIES][2] = {{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}};
    float kernel[SIDE][SIDE];
    disk(disks[c->level][0], disks[c->level][1], kernel);
    float *out = c->out;
    for (int y = 0; y < c->s.h; y++)
        for (int x = 0; x < c->s.w; x++)
            for (int channel = 0; channel < c->s.c; channel++)
                *out++ = blurred(c, kernel, y, x, channel);
    return STATUS_OK;
}

const corruption corruption_defocus_blur = {
    .name = "defocus_blur", .what = "out of focus", .family = "blur", .apply = apply};
