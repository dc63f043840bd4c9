#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

enum { TAPS_MOST = 64 };

void blur_streak(const float *image, shape s, double radius, double sigma, double degrees, float *out) {
    int taps = 2 * (int)ceil(radius) + 1, rows[TAPS_MOST], columns[TAPS_MOST];
    double angle = degrees * 3.14159265358979323846 / 180, sum = 0;
    float kernel[TAPS_MOST];
    for (int i = 0; i < taps; i++)
        sum += exp(-0.5 * i * i / (sigma * sigma));
    for (int i = 0; i < taps; i++) {
        kernel[i] = (float)(exp(-0.5 * i * i / (sigma * sigma)) / sum);
        rows[i] = (int)ceil(i * sin(angle) - 0.5);
        columns[i] = (int)ceil(i * cos(angle) - 0.5);
    }
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++)
            for (int c = 0; c < s.c; c++) {
                float value = 0;
                for (int i = 0; i < taps; i++) {
                    size_t from_y = (size_t)edge_repeat(y + rows[i], s.h);
                    size_t from_x = (size_t)edge_repeat(x + columns[i], s.w);
                    value += kernel[i] * image[(from_y * (size_t)s.w + from_x) * (size_t)s.c + (size_t)c];
                }
                *out++ = value;
            }
}

static status apply(corrupt_call *c) {
    static const double streaks[SEVERITIES][2] = {{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}};
    double angle = 90 * rng_uniform_double(&c->random) - 45;
    blur_streak(c->x, c->s, streaks[c->level][0], streaks[c->level][1], angle, c->out);
    return STATUS_OK;
}

const corruption corruption_motion_blur = {
    .name = "motion_blur", .what = "the camera moved", .family = "blur", .apply = apply};
