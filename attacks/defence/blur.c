/* Gaussian blur. At the border the weights that lie inside are made to add to 1. */
#include <math.h>
#include <string.h>

#include "attacks/defence/defence_internal.h"

enum { MOST_SIGMA = 8, MOST_REACH = 3 * MOST_SIGMA };

/* Weights of the places at -reach..reach from `at` along an axis of n places: 0 outside. Returns reach. */
static int axis_weights(double sigma, int n, int at, float w[2 * MOST_REACH + 1]) {
    int reach = (int)ceil(3 * sigma);
    double sum = 0;
    for (int k = -reach; k <= reach; k++)
        if (at + k >= 0 && at + k < n) sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = -reach; k <= reach; k++) {
        bool inside = at + k >= 0 && at + k < n;
        w[k + reach] = inside ? (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum) : 0;
    }
    return reach;
}

/* The pixel about (row, column) that `out` is made of, or which its derivative is given to. */
static void blend(double sigma, shape s, int row, int column, const float *x, float *out, const float *dout,
                  float *dx) {
    float down[2 * MOST_REACH + 1], right[2 * MOST_REACH + 1];
    int reach = axis_weights(sigma, s.h, row, down);
    axis_weights(sigma, s.w, column, right);
    for (int y = -reach; y <= reach; y++)
        for (int z = -reach; z <= reach; z++) {
            float weight = down[y + reach] * right[z + reach];
            if (weight == 0) continue;
            size_t at = pixel_at(s, row + y, column + z);
            for (int c = 0; c < s.c; c++)
                if (out)
                    out[c] += weight * x[at + (size_t)c];
                else
                    dx[at + (size_t)c] += weight * dout[c];
        }
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g, (void)e;
    memset(out, 0, shape_size(s) * sizeof *out);
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++)
            blend(strength, s, row, column, x, out + pixel_at(s, row, column), NULL, NULL);
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)g, (void)x;
    memset(dx, 0, shape_size(s) * sizeof *dx);
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++)
            blend(strength, s, row, column, NULL, NULL, dout + pixel_at(s, row, column), dx);
}

const defence defence_blur = {.name = "blur",
                              .title = "Gaussian blur",
                              .unit = "standard deviation in pixels",
                              .least = 0.1,
                              .most = MOST_SIGMA,
                              .apply = apply,
                              .pull = pull};
