/* Square Attack: Andriushchenko, Croce, Flammarion, Hein, "Square Attack: a query-efficient black-box adversarial attack via random search",
 * 2020, algorithms 1 and 2 (Linf); L2 and L1 are in square_bumps.c. Squares shrink by the paper's schedule from .8 of the image. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/square_internal.h"

window square_place(const attack_sample *s, int side, rng *g) {
    window w = {.rows = side < s->image.h ? side : s->image.h,
                .columns = side < s->image.w ? side : s->image.w};
    w.row = (int)rng_below(g, (uint32_t)(s->image.h - w.rows + 1));
    w.column = (int)rng_below(g, (uint32_t)(s->image.w - w.columns + 1));
    return w;
}

double square_share(int stage) {
    return ldexp(0.8, -stage);
}

int square_side(const attack_sample *s, int stage) {
    int side = (int)lround(sqrt(square_share(stage) * s->image.h * s->image.w));
    return side > 1 ? side : 1;
}

static bool coin(rng *g) {
    return rng_u32(g) & 1;
}

/* Stripes of the height of the image, where nets with convolutions are weakest; or what broke the sample in a larger ball. */
static void begin_linf(const attack_sample *s, rng *g, float *x) {
    if (ball_go_on(s, x)) return;
    size_t width = (size_t)s->image.w * (size_t)s->image.c;
    for (size_t column = 0; column < width; column++) {
        bool up = coin(g);
        for (size_t i = column; i < s->d; i += width)
            x[i] = up ? s->ub[i] : s->lb[i];
    }
}

/* Moves one channel of the window to one end of the box; whether that changed anything. */
static bool push(const attack_sample *s, window w, int channel, bool up, float *x) {
    bool changed = false;
    for (int row = w.row; row < w.row + w.rows; row++)
        for (int column = w.column; column < w.column + w.columns; column++) {
            size_t i = square_float(s, row, column, channel);
            float to = up ? s->ub[i] : s->lb[i];
            changed |= x[i] != to;
            x[i] = to;
        }
    return changed;
}

/* A square of the colour it has already would waste the query: a few more draws find another. */
static void propose_linf(const attack_sample *s, int stage, const float *best, rng *g, float *x) {
    (void)best;
    enum { TRIES = 8 };
    window w = square_place(s, square_side(s, stage), g);
    bool changed = false;
    for (int i = 0; i < TRIES && !changed; i++)
        for (int channel = 0; channel < s->image.c; channel++)
            changed |= push(s, w, channel, coin(g), x);
}

static const search_rules linf = {"square", begin_linf, propose_linf},
                          bumps = {"square", square_begin_bumps, square_propose_bumps};

static const search_rules *rules_of(const attack_sample *s) {
    return s->norm == NORM_LINF ? &linf : &bumps;
}

static ask square_start(const attack_sample *s, void *state, float *x) {
    return search_start(s, rules_of(s), state, x);
}

static ask square_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    return search_step(s, rules_of(s), state, a, x);
}

static bool square_ahead(const attack_sample *s, const void *state, int later, float *x) {
    return search_ahead(s, rules_of(s), state, later, x);
}

const attack attack_square = {
    .name = "square",
    .title = "random squares, by the logits alone (steps are queries)",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .defaults = {.steps = 5000, .restarts = 1, .random_start = true},
    .reach = 1,
    .order = EPS_DESCENDING,
    .ahead = square_ahead,
    .state_bytes = search_state_bytes,
    .start = square_start,
    .step = square_step,
};
