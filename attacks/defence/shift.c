/* A move by a random number of whole pixels; zeros come in. */
#include <string.h>

#include "attacks/defence/defence_internal.h"

/* Copies what stays inside when the image moves by (down, right). */
static void move(shape s, int down, int right, const float *x, float *out) {
    memset(out, 0, shape_size(s) * sizeof *out);
    int first = right > 0 ? right : 0, columns = s.w - (right > 0 ? right : -right);
    for (int row = 0; row < s.h; row++)
        if (row - down >= 0 && row - down < s.h)
            memcpy(out + pixel_at(s, row, first), x + pixel_at(s, row - down, first - right),
                   (size_t)columns * (size_t)s.c * sizeof *out);
}

static void draw(double strength, rng *g, int *down, int *right) {
    int most = (int)strength;
    *down = (int)rng_below(g, 2 * (uint32_t)most + 1) - most;
    *right = (int)rng_below(g, 2 * (uint32_t)most + 1) - most;
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)e;
    int down, right;
    draw(strength, g, &down, &right);
    move(s, down, right, x, out);
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)x;
    int down, right;
    draw(strength, g, &down, &right);
    move(s, -down, -right, dout, dx);
}

const defence defence_shift = {.name = "shift",
                               .title = "move by up to so many pixels at random",
                               .unit = "pixels",
                               .least = 1,
                               .most = 1024,
                               .whole = true,
                               .random = true,
                               .fits = defence_fits_side,
                               .apply = apply,
                               .pull = pull};
