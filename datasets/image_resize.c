#include <math.h>
#include <string.h>

#include "datasets/image.h"

/* The source pixels first..last of one axis that an output pixel is made of. */
typedef struct axis_span {
    double lo, hi; /* shrinking: the interval it covers; growing: lo is the place that it is taken at */
    int first, last;
    int shrinks;
} axis_span;

static axis_span span_of(int from, int to, int at) {
    double scale = (double)from / to;
    axis_span s = {.shrinks = to <= from};
    if (s.shrinks) {
        s.lo = at * scale;
        s.hi = (at + 1) * scale;
        s.first = (int)s.lo;
        s.last = (int)ceil(s.hi) - 1;
    } else {
        s.lo = fmin(fmax((at + 0.5) * scale - 0.5, 0), from - 1);
        s.first = (int)s.lo;
        s.last = s.first + 1;
    }
    if (s.last > from - 1) s.last = from - 1;
    return s;
}

/* How much of source pixel i goes in; the weights of a span need not add to 1. */
static double weight_of(const axis_span *s, int i) {
    if (s->shrinks) return fmax(fmin(s->hi, i + 1) - fmax(s->lo, i), 0);
    return 1 - fabs(s->lo - i);
}

static uint8_t blend(const uint8_t *pixels, shape from, const axis_span *rows, const axis_span *columns,
                     int channel) {
    double sum = 0, weights = 0;
    for (int y = rows->first; y <= rows->last; y++)
        for (int x = columns->first; x <= columns->last; x++) {
            double weight = weight_of(rows, y) * weight_of(columns, x);
            sum +=
                weight * pixels[((size_t)y * (size_t)from.w + (size_t)x) * (size_t)from.c + (size_t)channel];
            weights += weight;
        }
    return (uint8_t)(sum / weights + 0.5);
}

void image_resize(const uint8_t *pixels, shape from, uint8_t *out, shape to) {
    if (from.h == to.h && from.w == to.w) {
        memcpy(out, pixels, shape_size(from));
        return;
    }
    for (int y = 0; y < to.h; y++) {
        axis_span rows = span_of(from.h, to.h, y);
        for (int x = 0; x < to.w; x++) {
            axis_span columns = span_of(from.w, to.w, x);
            for (int c = 0; c < from.c; c++)
                *out++ = blend(pixels, from, &rows, &columns, c);
        }
    }
}
