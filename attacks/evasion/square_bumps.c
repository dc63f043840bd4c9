/* Square Attack in L2 (Andriushchenko et al. 2020, algorithm 3) and in L1 (Croce and Hein, "Mind the box", 2021): the change of one window moves to another,
 * where it is added to a bump of two signs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/evasion/square_internal.h"

/* What a component adds to the power of a norm, and the norm of such a sum. */
static double powered(const attack_sample *s, double component) {
    return s->norm == NORM_L1 ? fabs(component) : component * component;
}

static double norm_of(const attack_sample *s, double sum) {
    return s->norm == NORM_L1 ? sum : sqrt(sum);
}

/* Two halves of a window, one up and one down; each falls off around its centre. The whole has norm 1. */
typedef struct bump {
    int rows, columns;
    bool stacked; /* one half above the other; else side by side */
    int cut;      /* rows or columns of the first half, 0 = there is one half only */
    bool steep;   /* for L1 */
    double sizes[2];
} bump;

/* Nested squares around the centre, the k-th of weight 1 / k^2, or 1 / k^4 in L1 (as in the papers' code). */
static double height_at(int rows, int columns, int row, int column, bool steep) {
    int away = abs(row - rows / 2), sideways = abs(column - columns / 2);
    int nearest = away > sideways ? away : sideways;
    int squares = (rows > columns ? rows : columns) / 2 + 1;
    double sum = 0;
    for (int k = nearest; k < squares; k++) {
        double square = (k + 1.0) * (k + 1.0);
        sum += 1 / (steep ? square * square : square);
    }
    return sum;
}

/* Without its norm: 0 = the first half. */
static double half_at(const bump *b, int half, int row, int column) {
    int along = b->stacked ? b->rows : b->columns, length = half == 0 ? b->cut : along - b->cut;
    int skipped = half == 0 ? 0 : b->cut;
    return b->stacked ? height_at(length, b->columns, row - skipped, column, b->steep)
                      : height_at(b->rows, length, row, column - skipped, b->steep);
}

static int half_of(const bump *b, int row, int column) {
    return (b->stacked ? row : column) >= b->cut;
}

static bump bump_new(const attack_sample *s, int rows, int columns, rng *g) {
    bump b = {.rows = rows, .columns = columns, .stacked = rng_u32(g) & 1, .steep = s->norm == NORM_L1};
    if (rows == 1) b.stacked = false;
    if (columns == 1) b.stacked = true;
    b.cut = (b.stacked ? rows : columns) / 2;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            int half = half_of(&b, row, column);
            b.sizes[half] += powered(s, half_at(&b, half, row, column));
        }
    double halves = b.cut > 0 ? 2 : 1;
    for (int half = 0; half < 2; half++)
        b.sizes[half] = norm_of(s, b.sizes[half] * halves);
    return b;
}

static double bump_at(const bump *b, int row, int column) {
    int half = half_of(b, row, column);
    return (half == 0 ? 1 : -1) * half_at(b, half, row, column) / b->sizes[half];
}

/* Beyond the ball, in the direction of x - x0. */
static void overshoot(const attack_sample *s, float *x) {
    double size = ball_distance(NORM_L2, s->x0, x, s->d);
    if (!(size > 0)) return;
    double scale = 8 * s->eps / size;
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(s->x0[i] + scale * ((double)x[i] - s->x0[i]));
}

/* In L2 the direction of x - x0, as far as the ball goes: whatever the box cuts off is left to other pixels. In L1 the nearest point of ball and box, which
 * leaves out small changes. */
static void fill_ball(const attack_sample *s, float *x) {
    if (s->norm == NORM_L2) overshoot(s, x);
    ball_project(s, x);
}

static void add_bump(const attack_sample *s, window w, const bump *b, int channel, double scale, float *x) {
    for (int row = 0; row < w.rows; row++)
        for (int column = 0; column < w.columns; column++)
            x[square_float(s, w.row + row, w.column + column, channel)] +=
                (float)(scale * bump_at(b, row, column));
}

static double coin(rng *g) {
    return rng_u32(g) & 1 ? 1 : -1;
}

/* A grid of bumps, five along the shorter side; or what broke the sample in a larger ball. */
void square_begin_bumps(const attack_sample *s, rng *g, float *x) {
    if (ball_go_on(s, x)) return;
    int h = s->image.h, width = s->image.w, side = (h < width ? h : width) / 5;
    if (side < 1) side = 1;
    memcpy(x, s->x0, s->d * sizeof *x);
    for (int row = 0; row < h; row += side)
        for (int column = 0; column < width; column += side) {
            window w = {row, column, side < h - row ? side : h - row,
                        side < width - column ? side : width - column};
            bump b = bump_new(s, w.rows, w.columns, g);
            for (int channel = 0; channel < s->image.c; channel++)
                add_bump(s, w, &b, channel, coin(g), x);
        }
    fill_ball(s, x);
}

static bool within(window w, int row, int column) {
    return row >= w.row && row < w.row + w.rows && column >= w.column && column < w.column + w.columns;
}

/* The power of the norm of the change of one channel in `w`, outside of `except`. */
static double power_in(const attack_sample *s, window w, window except, int channel, const float *x) {
    double sum = 0;
    for (int row = w.row; row < w.row + w.rows; row++)
        for (int column = w.column; column < w.column + w.columns; column++) {
            size_t i = square_float(s, row, column, channel);
            if (!within(except, row, column)) sum += powered(s, (double)x[i] - s->x0[i]);
        }
    return sum;
}

static void clear(const attack_sample *s, window w, int channel, float *x) {
    for (int row = w.row; row < w.row + w.rows; row++)
        for (int column = w.column; column < w.column + w.columns; column++) {
            size_t i = square_float(s, row, column, channel);
            x[i] = s->x0[i];
        }
}

/* The change of one channel in `to`, in its direction plus that of the bump, of the norm that is given. */
static void rewrite(const attack_sample *s, window to, const bump *b, int channel, double sign, double old,
                    double wanted, const float *best, float *x) {
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int row = 0; row < to.rows; row++)
            for (int column = 0; column < to.columns; column++) {
                size_t i = square_float(s, to.row + row, to.column + column, channel);
                double delta = old > 0 ? ((double)best[i] - s->x0[i]) / old : 0;
                double next = delta + sign * bump_at(b, row, column);
                if (pass == 0)
                    sum += powered(s, next);
                else
                    x[i] = (float)(s->x0[i] + (sum > 0 ? next * wanted / norm_of(s, sum) : 0));
            }
}

/* Odd, so that it has a centre, and at least the paper's 3, except where that would be most of the image. */
static int window_side(const attack_sample *s, int stage) {
    int shorter = s->image.h < s->image.w ? s->image.h : s->image.w;
    int side = square_side(s, stage), least = shorter >= 9 ? 3 : 1;
    return side < least ? least : side | 1;
}

void square_propose_bumps(const attack_sample *s, int stage, const float *best, rng *g, float *x) {
    const window nowhere = {0};
    int side = window_side(s, stage);
    window to = square_place(s, side, g), from = square_place(s, side, g);
    bump b = bump_new(s, to.rows, to.columns, g);
    double size = ball_distance(s->norm, s->x0, best, s->d);
    double spare = fmax(powered(s, s->eps) - powered(s, size), 0) / s->image.c;
    double surplus = s->norm == NORM_L1 ? s->image.c : 1; /* as in the paper's code: projected back below */
    for (int channel = 0; channel < s->image.c; channel++) {
        double old = power_in(s, to, nowhere, channel, best);
        double moved = power_in(s, from, to, channel, best);
        double wanted = surplus * norm_of(s, spare + old + moved);
        clear(s, from, channel, x);
        rewrite(s, to, &b, channel, coin(g), norm_of(s, old), wanted, best, x);
    }
    fill_ball(s, x);
}
