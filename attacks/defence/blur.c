/* Gaussian blur. At the border the weights that lie inside are made to add to 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/defence/defence_internal.h"

enum { MOST_SIGMA = 8, MOST_REACH = 3 * MOST_SIGMA };

/* A Gaussian that is not yet made to add to 1. */
typedef struct kernel {
    int reach;
    double at[MOST_REACH + 1]; /* by distance */
} kernel;

static kernel kernel_of(double sigma) {
    kernel k = {.reach = (int)ceil(3 * sigma)};
    for (int i = 0; i <= k.reach; i++)
        k.at[i] = exp(-0.5 * i * i / (sigma * sigma));
    return k;
}

/* Weights of the places at -reach..reach from `at` along an axis of n places: 0 outside. */
static void axis_weights(const kernel *k, int n, int at, float w[2 * MOST_REACH + 1]) {
    double sum = 0;
    for (int i = -k->reach; i <= k->reach; i++)
        if (at + i >= 0 && at + i < n) sum += k->at[abs(i)];
    for (int i = -k->reach; i <= k->reach; i++) {
        bool inside = at + i >= 0 && at + i < n;
        w[i + k->reach] = inside ? (float)(k->at[abs(i)] / sum) : 0;
    }
}

/* Goes through the pixels with those that each is made of: out = sum of weights * x, or dx += weights * dout. */
static void walk(double sigma, shape s, const float *x, float *out, const float *dout, float *dx) {
    kernel k = kernel_of(sigma);
    float down[2 * MOST_REACH + 1], right[2 * MOST_REACH + 1];
    for (int row = 0; row < s.h; row++) {
        axis_weights(&k, s.h, row, down);
        for (int column = 0; column < s.w; column++) {
            axis_weights(&k, s.w, column, right);
            size_t to = pixel_at(s, row, column);
            for (int y = -k.reach; y <= k.reach; y++)
                for (int z = -k.reach; z <= k.reach; z++) {
                    float weight = down[y + k.reach] * right[z + k.reach];
                    if (weight == 0) continue;
                    size_t from = pixel_at(s, row + y, column + z);
                    for (size_t c = 0; c < (size_t)s.c; c++)
                        if (out)
                            out[to + c] += weight * x[from + c];
                        else
                            dx[from + c] += weight * dout[to + c];
                }
        }
    }
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g, (void)e;
    memset(out, 0, shape_size(s) * sizeof *out);
    walk(strength, s, x, out, NULL, NULL);
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)g, (void)x;
    memset(dx, 0, shape_size(s) * sizeof *dx);
    walk(strength, s, NULL, NULL, dout, dx);
}

const defence defence_blur = {.name = "blur",
                              .title = "Gaussian blur",
                              .unit = "standard deviation in pixels",
                              .least = 0.1,
                              .most = MOST_SIGMA,
                              .apply = apply,
                              .pull = pull};
