/* Random resizing and padding (Xie et al. 2018, "Mitigating adversarial effects through randomization"). They enlarge the image, for a net that
 * takes larger ones; ours keep their size: shrunk by a random number of rows and columns, bilinear, and put at a random place among zeros. */
#include <math.h>
#include <string.h>

#include "attacks/defence/defence_internal.h"

typedef struct placing {
    int h, w, top, left; /* of the shrunk image */
} placing;

static placing draw(double strength, shape s, rng *g) {
    int less = (int)rng_below(g, (uint32_t)strength + 1);
    placing p = {.h = s.h - less, .w = s.w - less};
    p.top = (int)rng_below(g, (uint32_t)less + 1);
    p.left = (int)rng_below(g, (uint32_t)less + 1);
    return p;
}

/* Where pixel `at` of `to` lies among `from` pixels: between the first and the second, this far from the first. */
typedef struct between {
    int first, second;
    float part;
} between;

static between source_of(int at, int to, int from) {
    double place = fmin(fmax((at + 0.5) * from / to - 0.5, 0), from - 1);
    int first = (int)place;
    return (between){first, first + 1 < from ? first + 1 : first, (float)(place - first)};
}

/* Goes through the pixels of the shrunk image with the four that each is made of: out = sum of weights * x, or dx += weights * dout. */
static void walk(placing p, shape s, const float *x, float *out, const float *dout, float *dx) {
    for (int row = 0; row < p.h; row++)
        for (int column = 0; column < p.w; column++) {
            between y = source_of(row, p.h, s.h), z = source_of(column, p.w, s.w);
            size_t to = pixel_at(s, p.top + row, p.left + column);
            const size_t from[4] = {pixel_at(s, y.first, z.first), pixel_at(s, y.first, z.second),
                                    pixel_at(s, y.second, z.first), pixel_at(s, y.second, z.second)};
            const float shares[4] = {(1 - y.part) * (1 - z.part), (1 - y.part) * z.part,
                                     y.part * (1 - z.part), y.part * z.part};
            for (int k = 0; k < 4; k++)
                for (size_t c = 0; c < (size_t)s.c; c++)
                    if (out)
                        out[to + c] += shares[k] * x[from[k] + c];
                    else
                        dx[from[k] + c] += shares[k] * dout[to + c];
        }
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)e;
    memset(out, 0, shape_size(s) * sizeof *out);
    walk(draw(strength, s, g), s, x, out, NULL, NULL);
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)x;
    memset(dx, 0, shape_size(s) * sizeof *dx);
    walk(draw(strength, s, g), s, NULL, NULL, dout, dx);
}

const defence defence_resize_pad = {
    .name = "resize-pad",
    .title = "shrink by up to so many pixels and pad with zeros, both at random (after Xie et al. 2018)",
    .unit = "pixels",
    .least = 1,
    .most = 1024,
    .whole = true,
    .random = true,
    .fits = defence_fits_side,
    .apply = apply,
    .pull = pull};
