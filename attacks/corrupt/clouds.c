#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

/* A square of `side` (a power of two) that continues at the opposite edge. */
typedef struct map {
    int side;
    double *heights;
    double wobble;
    rng *random;
} map;

static double *height(const map *m, int y, int x) {
    return &m->heights[(size_t)(y & (m->side - 1)) * (size_t)m->side + (size_t)(x & (m->side - 1))];
}

/* The mean of four neighbours, moved by up to the square of the wobble. */
static void set(const map *m, int y, int x, double sum) {
    *height(m, y, x) = sum / 4 + m->wobble * m->wobble * (2 * rng_uniform_double(m->random) - 1);
}

static void fill_squares(const map *m, int step) {
    int half = step / 2;
    for (int y = 0; y < m->side; y += step)
        for (int x = 0; x < m->side; x += step)
            set(m, y + half, x + half,
                *height(m, y, x) + *height(m, y, x + step) + *height(m, y + step, x) +
                    *height(m, y + step, x + step));
}

static void fill_diamonds(const map *m, int step) {
    int half = step / 2;
    for (int y = 0; y < m->side; y += half)
        for (int x = y % step == 0 ? half : 0; x < m->side; x += step)
            set(m, y, x,
                *height(m, y - half, x) + *height(m, y + half, x) + *height(m, y, x - half) +
                    *height(m, y, x + half));
}

bool clouds(rng *random, int h, int w, double decay, float *out, arena *memory) {
    map m = {.side = 2, .wobble = 100, .random = random};
    while (m.side < h || m.side < w)
        m.side *= 2;
    size_t all = (size_t)m.side * (size_t)m.side;
    m.heights = arena_array(memory, all, sizeof *m.heights);
    if (!m.heights) return false;
    for (int step = m.side; step >= 2; step /= 2) {
        fill_squares(&m, step);
        fill_diamonds(&m, step);
        m.wobble /= decay;
    }
    double lo = m.heights[0], hi = lo;
    for (size_t i = 1; i < all; i++) {
        lo = fmin(lo, m.heights[i]);
        hi = fmax(hi, m.heights[i]);
    }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            out[(size_t)y * (size_t)w + (size_t)x] =
                hi > lo ? (float)((*height(&m, y, x) - lo) / (hi - lo)) : 0;
    return true;
}
