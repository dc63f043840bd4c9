/* The median of each pixel's neighbourhood, channel by channel (Xu et al. 2018). At the border the window is what lies inside; of an even number
 * of values the lower one counts. The derivative goes to the value that was chosen, as in a max pool. */
#include <string.h>

#include "attacks/defence/defence_internal.h"

enum { WIDEST = 9 };

static status fits(double strength, shape s, err *e) {
    (void)s;
    if ((int)strength % 2 == 1) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%d, expected an odd number", (int)strength);
}

/* Float index of the value that is the median about (row, column) of channel c: the first in reading order of equal ones. */
static size_t median_at(int side, shape s, const float *x, int row, int column, int c) {
    size_t sorted[WIDEST * WIDEST] = {0}; /* the pixel itself is there at least, which analysers do not see */
    int n = 0, reach = side / 2;
    for (int y = row - reach; y <= row + reach; y++)
        for (int z = column - reach; z <= column + reach; z++) {
            if (y < 0 || y >= s.h || z < 0 || z >= s.w) continue;
            size_t at = pixel_at(s, y, z) + (size_t)c;
            int k = n++;
            for (; k > 0 && x[sorted[k - 1]] > x[at]; k--)
                sorted[k] = sorted[k - 1];
            sorted[k] = at;
        }
    return sorted[(n - 1) / 2];
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g, (void)e;
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++)
            for (int c = 0; c < s.c; c++)
                *out++ = x[median_at((int)strength, s, x, row, column, c)];
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)g;
    memset(dx, 0, shape_size(s) * sizeof *dx);
    for (int row = 0; row < s.h; row++)
        for (int column = 0; column < s.w; column++)
            for (int c = 0; c < s.c; c++)
                dx[median_at((int)strength, s, x, row, column, c)] += *dout++;
}

const defence defence_median = {.name = "median",
                                .title = "the median of the pixels around each",
                                .unit = "side of the window",
                                .least = 3,
                                .most = WIDEST,
                                .whole = true,
                                .fits = fits,
                                .apply = apply,
                                .pull = pull};
