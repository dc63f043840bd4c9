/* The transforms of one instruction set, in terms of `vec`, LANES and the vec_ functions of the file included before. Every lane is a
 * channel of its own, so that both instruction sets give the same bits. */

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 6")
#endif
#define INLINE static inline __attribute__((always_inline))

/* B' d */
INLINE void input_line(const vec d[WINOGRAD_SIDE], vec t[WINOGRAD_SIDE]) {
    const vec four = vec_all(4), minus_four = vec_all(-4), minus_five = vec_all(-5);
    vec even = vec_multiply_add(minus_four, d[2], d[4]), odd = vec_multiply_add(minus_four, d[1], d[3]);
    vec near = vec_subtract(d[4], d[2]), half = vec_subtract(d[3], d[1]), far = vec_add(half, half);
    t[0] = vec_multiply_add(four, d[0], vec_multiply_add(minus_five, d[2], d[4]));
    t[1] = vec_add(even, odd);
    t[2] = vec_subtract(even, odd);
    t[3] = vec_add(near, far);
    t[4] = vec_subtract(near, far);
    t[5] = vec_multiply_add(four, d[1], vec_multiply_add(minus_five, d[3], d[5]));
}

static void input(const float *pixels, size_t row, float *to, size_t step) {
    for (int lane = 0; lane < WINOGRAD_BLOCK; lane += LANES) {
        vec columns[WINOGRAD_SIDE][WINOGRAD_SIDE]; /* transformed down, [column][row] */
        UNROLL
        for (int x = 0; x < WINOGRAD_SIDE; x++) {
            vec d[WINOGRAD_SIDE];
            UNROLL
            for (int y = 0; y < WINOGRAD_SIDE; y++)
                d[y] = vec_load(pixels + (size_t)y * row + x * WINOGRAD_BLOCK + lane);
            input_line(d, columns[x]);
        }
        UNROLL
        for (int y = 0; y < WINOGRAD_SIDE; y++) {
            vec d[WINOGRAD_SIDE], t[WINOGRAD_SIDE];
            UNROLL
            for (int x = 0; x < WINOGRAD_SIDE; x++)
                d[x] = columns[x][y];
            input_line(d, t);
            UNROLL
            for (int x = 0; x < WINOGRAD_SIDE; x++)
                vec_store(to + (size_t)(y * WINOGRAD_SIDE + x) * step + lane, t[x]);
        }
    }
}

/* A' p, for m = 4 or 2 */
INLINE void output_line(const int m, const vec p[WINOGRAD_SIDE], vec y[]) {
    vec ones = vec_add(p[1], p[2]), twos = vec_add(p[3], p[4]);
    vec one = vec_subtract(p[1], p[2]), two = vec_subtract(p[3], p[4]);
    y[0] = vec_add(vec_add(p[0], ones), twos);
    y[1] = vec_multiply_add(vec_all(2), two, one);
    if (m == 2) {
        y[1] = vec_add(y[1], p[5]);
        return;
    }
    y[2] = vec_multiply_add(vec_all(4), twos, ones);
    y[3] = vec_add(vec_multiply_add(vec_all(8), two, one), p[5]);
}

INLINE void output_lane(const int m, const float *from, size_t step, float *pixels, size_t row, int width) {
    vec columns[WINOGRAD_SIDE][WINOGRAD_SIDE]; /* [column][row], m rows used */
    UNROLL
    for (int x = 0; x < WINOGRAD_SIDE; x++) {
        vec p[WINOGRAD_SIDE];
        UNROLL
        for (int y = 0; y < WINOGRAD_SIDE; y++)
            p[y] = vec_load(from + (size_t)(y * WINOGRAD_SIDE + x) * step);
        output_line(m, p, columns[x]);
    }
    UNROLL
    for (int y = 0; y < m; y++) {
        vec p[WINOGRAD_SIDE], out[WINOGRAD_SIDE];
        UNROLL
        for (int x = 0; x < WINOGRAD_SIDE; x++)
            p[x] = columns[x][y];
        output_line(m, p, out);
        UNROLL
        for (int x = 0; x < m; x++)
            vec_store(pixels + (size_t)y * row + (size_t)(x * width), out[x]);
    }
}

static void output(int m, int width, const float *from, size_t step, float *pixels, size_t row) {
    for (int lane = 0; lane < width; lane += LANES) {
        if (m == 4)
            output_lane(4, from + lane, step, pixels + lane, row, width);
        else
            output_lane(2, from + lane, step, pixels + lane, row, width);
    }
}

/* G, for r taps: row i takes them to the value of their polynomial at point i, scaled; the last row is the point at infinity. */
INLINE double weights_factor(int r, int i, int k) {
    static const double points[] = {0, 1, -1, 2, -2}, scales[] = {1. / 4, -1. / 6, -1. / 6, 1. / 24, 1. / 24};
    if (i == WINOGRAD_SIDE - 1) return k == r - 1;
    double factor = scales[i];
    while (k-- > 0)
        factor *= points[i];
    return factor;
}

enum { WEIGHTS_WIDTH = DIRECT_MOST_VECTORS * DIRECT_MOST_LANES };

/* to[c] = sum over k of G[i][k] * from[k * step + c] */
static void weights_sum(int r, int i, int width, const double *from, size_t step, double *to) {
    for (int c = 0; c < width; c++)
        to[c] = 0;
    for (int k = 0; k < r; k++, from += step) {
        double factor = weights_factor(r, i, k);
        for (int c = 0; c < width && factor != 0; c++)
            to[c] += factor * from[c];
    }
}

/* In double: weights are rounded once, as those of a direct sum never are. */
static void weights(int r, int width, const float *taps, float *to, size_t step) {
    double wide[WINOGRAD_PRODUCTS * WEIGHTS_WIDTH], lines[WINOGRAD_PRODUCTS * WEIGHTS_WIDTH],
        sum[WEIGHTS_WIDTH];
    for (int k = 0; k < r * r * width; k++)
        wide[k] = (double)taps[k];
    for (int i = 0; i < WINOGRAD_SIDE; i++) /* down: lines [i][x] */
        for (int x = 0; x < r; x++)
            weights_sum(r, i, width, wide + x * width, (size_t)(r * width), lines + (i * r + x) * width);
    for (int i = 0; i < WINOGRAD_SIDE; i++)
        for (int j = 0; j < WINOGRAD_SIDE; j++) {
            weights_sum(r, j, width, lines + i * r * width, (size_t)width, sum);
            for (int c = 0; c < width; c++)
                to[(size_t)(i * WINOGRAD_SIDE + j) * step + (size_t)c] = (float)sum[c];
        }
}

/* A y, for m = 4 or 2 */
INLINE void spread_line(const int m, const vec y[WINOGRAD_SIDE], vec p[WINOGRAD_SIDE]) {
    vec even = y[0], odd = y[1], far_even = y[0], far_odd = vec_add(y[1], y[1]);
    if (m == 4) {
        even = vec_add(y[0], y[2]), odd = vec_add(y[1], y[3]);
        far_even = vec_multiply_add(vec_all(4), y[2], y[0]);
        far_odd = vec_multiply_add(vec_all(8), y[3], far_odd);
    }
    p[0] = y[0];
    p[1] = vec_add(even, odd);
    p[2] = vec_subtract(even, odd);
    p[3] = vec_add(far_even, far_odd);
    p[4] = vec_subtract(far_even, far_odd);
    p[5] = y[m - 1];
}

INLINE void spread_lane(const int m, const float *pixels, size_t row, size_t pixel, float *to, size_t step) {
    vec rows[WINOGRAD_SIDE][WINOGRAD_SIDE]; /* m of them */
    UNROLL
    for (int y = 0; y < m; y++) {
        vec line[WINOGRAD_SIDE];
        UNROLL
        for (int x = 0; x < m; x++)
            line[x] = vec_load(pixels + (size_t)y * row + (size_t)x * pixel);
        spread_line(m, line, rows[y]);
    }
    UNROLL
    for (int x = 0; x < WINOGRAD_SIDE; x++) {
        vec line[WINOGRAD_SIDE], p[WINOGRAD_SIDE];
        UNROLL
        for (int y = 0; y < m; y++)
            line[y] = rows[y][x];
        spread_line(m, line, p);
        UNROLL
        for (int y = 0; y < WINOGRAD_SIDE; y++)
            vec_store(to + (size_t)(y * WINOGRAD_SIDE + x) * step, p[y]);
    }
}

static void spread(int m, int width, const float *pixels, size_t row, size_t pixel, float *to, size_t step) {
    for (int lane = 0; lane < width; lane += LANES) {
        if (m == 4)
            spread_lane(4, pixels + lane, row, pixel, to + lane, step);
        else
            spread_lane(2, pixels + lane, row, pixel, to + lane, step);
    }
}

/* G' u, for r = 3 or 5: tap k has the weight scale * point^k of each point. */
INLINE void taps_line(const int r, const vec u[WINOGRAD_SIDE], vec t[WINOGRAD_SIDE]) {
    const vec near = vec_all(-1.0F / 6);
    vec ones = vec_add(u[1], u[2]), one = vec_subtract(u[1], u[2]);
    vec twos = vec_add(u[3], u[4]), two = vec_subtract(u[3], u[4]);
    UNROLL
    for (int k = 0; k < r; k++) {
        const vec far = vec_all((float)(1 << k) / 24);
        t[k] = k % 2 ? vec_multiply_add(near, one, vec_multiply(far, two))
                     : vec_multiply_add(near, ones, vec_multiply(far, twos));
    }
    t[0] = vec_multiply_add(vec_all(.25F), u[0], t[0]);
    t[r - 1] = vec_add(t[r - 1], u[5]);
}

INLINE void taps_lane(const int r, const float *from, size_t step, float *to, size_t tap) {
    vec columns[WINOGRAD_SIDE][WINOGRAD_SIDE]; /* [column][row], r rows used */
    UNROLL
    for (int x = 0; x < WINOGRAD_SIDE; x++) {
        vec u[WINOGRAD_SIDE];
        UNROLL
        for (int y = 0; y < WINOGRAD_SIDE; y++)
            u[y] = vec_load(from + (size_t)(y * WINOGRAD_SIDE + x) * step);
        taps_line(r, u, columns[x]);
    }
    UNROLL
    for (int y = 0; y < r; y++) {
        vec u[WINOGRAD_SIDE], t[WINOGRAD_SIDE];
        UNROLL
        for (int x = 0; x < WINOGRAD_SIDE; x++)
            u[x] = columns[x][y];
        taps_line(r, u, t);
        UNROLL
        for (int x = 0; x < r; x++, to += tap)
            vec_store(to, vec_add(vec_load(to), t[x]));
    }
}

static void taps(int r, int width, const float *from, size_t step, float *to, size_t tap) {
    for (int lane = 0; lane < width; lane += LANES) {
        if (r == 3)
            taps_lane(3, from + lane, step, to + lane, tap);
        else
            taps_lane(5, from + lane, step, to + lane, tap);
    }
}
