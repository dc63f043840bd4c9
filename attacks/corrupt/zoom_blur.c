#include <math.h>
#include <string.h>

#include "attacks/corrupt/corrupt_internal.h"

/* One axis: `cut` pixels from `first` on become `grown`, of which the middle is kept. */
typedef struct zoomed_axis {
    int first, cut, trim;
    double step;
} zoomed_axis;

static zoomed_axis zoom_axis(int length, double factor) {
    zoomed_axis a = {.cut = (int)ceil(length / factor)};
    int grown = (int)floor(a.cut * factor + 0.5);
    a.first = (length - a.cut) / 2;
    a.trim = grown > length ? (grown - length) / 2 : 0;
    a.step = grown > 1 ? (a.cut - 1.0) / (grown - 1) : 0;
    return a;
}

static double place(const zoomed_axis *a, int i) {
    return a->first + fmin((i + a->trim) * a->step, a->cut - 1);
}

void zoom_middle(const float *image, shape s, double factor, float *out) {
    zoomed_axis rows = zoom_axis(s.h, factor), columns = zoom_axis(s.w, factor);
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++)
            for (int c = 0; c < s.c; c++)
                *out++ = sample_linear(image, s, place(&rows, y), place(&columns, x), c, edge_repeat);
}

/* Zooms of 1, 1.01, 1.02, ... : as many as numpy's arange(1, end, .01) has, whose ends differ by rounding. */
static status apply(corrupt_call *c) {
    static const int zooms[SEVERITIES] = {7, 12, 16, 21, 26};
    int n = zooms[c->level];
    size_t floats = shape_size(c->s);
    float *zoomed = arena_array(c->memory, floats, sizeof *zoomed);
    if (!zoomed) return STATUS_NO_MEMORY;
    memcpy(c->out, c->x, floats * sizeof *zoomed);
    for (int z = 0; z < n; z++) {
        zoom_middle(c->x, c->s, 1 + 0.01 * z, zoomed);
        for (size_t i = 0; i < floats; i++)
            c->out[i] += zoomed[i];
    }
    for (size_t i = 0; i < floats; i++)
        c->out[i] /= (float)(n + 1);
    return STATUS_OK;
}

const corruption corruption_zoom_blur = {
    .name = "zoom_blur", .what = "the camera moved towards the object", .family = "blur", .apply = apply};
