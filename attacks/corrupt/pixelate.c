#include "attacks/corrupt/corrupt_internal.h"

/* The source pixels of output pixel i along one axis: those whose centres lie in its box, as in Pillow's box filter. */
static void box(int from, int to, int i, int *first, int *last) {
    double scale = (double)from / to, half = scale > 1 ? scale / 2 : 0.5, centre = (i + 0.5) * scale;
    *first = from;
    *last = -1;
    for (int k = (int)(centre - half); k <= (int)(centre + half) && k < from; k++) {
        double offset = k - centre + 0.5;
        if (k < 0 || offset <= -half || offset > half) continue;
        if (k < *first) *first = k;
        *last = k;
    }
    if (*last < 0) *first = *last = edge_repeat((int)centre, from);
}

static void resize(const float *in, shape from, float *out, shape to) {
    size_t channels = (size_t)from.c;
    for (int y = 0; y < to.h; y++)
        for (int x = 0; x < to.w; x++) {
            int top, bottom, left, right;
            box(from.h, to.h, y, &top, &bottom);
            box(from.w, to.w, x, &left, &right);
            for (size_t k = 0; k < channels; k++) {
                float sum = 0;
                for (int v = top; v <= bottom; v++)
                    for (int u = left; u <= right; u++)
                        sum += in[((size_t)v * (size_t)from.w + (size_t)u) * channels + k];
                *out++ = sum / (float)((bottom - top + 1) * (right - left + 1));
            }
        }
}

static status apply(corrupt_call *c) {
    static const double kept[SEVERITIES] = {.95, .9, .85, .75, .65}; /* share of the sides */
    shape s = c->s, small = {(int)(s.h * kept[c->level]), (int)(s.w * kept[c->level]), s.c};
    if (small.h < 1) small.h = 1;
    if (small.w < 1) small.w = 1;
    float *reduced = arena_array(c->memory, shape_size(small), sizeof *reduced);
    if (!reduced) return STATUS_NO_MEMORY;
    resize(c->x, s, reduced, small);
    resize(reduced, small, c->out, s);
    return STATUS_OK;
}

const corruption corruption_pixelate = {
    .name = "pixelate", .what = "enlarged from fewer pixels", .family = "digital", .apply = apply};
