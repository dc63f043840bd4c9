#include <math.h>
#include <stdlib.h>

#include "attacks/evasion/evasion_internal.h"
#include "attacks/levels.h"
#include "attacks/levels/levels_internal.h"

static float level_value(int level) {
    return (float)level / 255.0F;
}

static int nearest_level(float x) {
    return (int)lrint(255.0 * (double)x);
}

/* How many levels eps holds, in parts too. An eps of 8/255, as a double, is eight. */
static double levels_in(double eps) {
    return 255 * eps + 1e-9;
}

bool level_any(double eps) {
    return levels_in(eps) >= 1;
}

void level_box(norm p, double eps, const float *x0, size_t d, float *lb, float *ub) {
    int most = p == NORM_LINF ? (int)fmin(floor(levels_in(eps)), 255) : 255;
    for (size_t k = 0; k < d; k++) {
        int level = nearest_level(x0[k]);
        lb[k] = level_value(level > most ? level - most : 0);
        ub[k] = level_value(level + most < 255 ? level + most : 255);
    }
}

double levels_distance(norm p, const float *x0, const float *x, size_t d) {
    int64_t sum = 0, most = 0;
    for (size_t k = 0; k < d; k++) {
        int64_t change = llabs((long long)nearest_level(x[k]) - nearest_level(x0[k]));
        sum += p == NORM_L2 ? change * change : p == NORM_L0 ? change != 0 : change;
        if (change > most) most = change;
    }
    if (p == NORM_LINF) return (double)most / 255;
    if (p == NORM_L2) return sqrt((double)sum) / 255;
    return p == NORM_L1 ? (double)sum / 255 : (double)sum;
}

/* Of an image of levels. */
static bool inside(const attack_sample *s, const float *x) {
    return 255 * levels_distance(s->norm, s->x0, x, s->d) <= levels_in(s->eps);
}

/* The box ends at levels. */
static void round_in_box(const attack_sample *s, const float *x, float *out) {
    for (size_t k = 0; k < s->d; k++)
        out[k] = clip_between(level_value(nearest_level(x[k])), s->lb[k], s->ub[k]);
}

/* Away from x0 where at least the share `least` of the way to the next level is behind: one half is rounding to the nearest, a little above 1 moves nothing away. */
static void round_from(const attack_sample *s, double least, const float *x, float *out) {
    for (size_t k = 0; k < s->d; k++) {
        double change = 255 * ((double)x[k] - s->x0[k]);
        int by = (int)floor(fabs(change) + 1 - least), level = nearest_level(s->x0[k]);
        out[k] = level_value(level + (change < 0 ? -by : by));
    }
}

typedef bool level_fits(const attack_sample *s, const float *x);
typedef void level_make(const attack_sample *s, double number, const float *x, float *out);

/* Halves the way between a number whose image fits and one whose image does not; writes the image of the last that did. */
static void make_last_that_fits(const attack_sample *s, level_make *make, level_fits *fits, double good,
                                double bad, const float *x, float *out) {
    enum { STEPS = 20 };
    for (int step = 0; step < STEPS; step++) {
        double middle = (good + bad) / 2;
        make(s, middle, x, out);
        *(fits(s, out) ? &good : &bad) = middle;
    }
    make(s, good, x, out);
}

bool level_round(const attack_sample *s, const float *x, float *out) {
    const double nearest = 0.5, none = 1.001; /* beyond 1, since a level less another is no level exactly */
    if (s->norm == NORM_LINF) {
        round_in_box(s, x, out);
        return true;
    }
    round_from(s, nearest, x, out);
    if (inside(s, out)) return true;
    make_last_that_fits(s, round_from, inside, none, nearest, x, out);
    return inside(s, out);
}

static void push_values(const attack_sample *s, const float *x, float *out) {
    for (size_t k = 0; k < s->d; k++)
        out[k] = x[k] > s->x0[k] ? s->ub[k] : x[k] < s->x0[k] ? s->lb[k] : s->x0[k];
}

static bool in_ball(const attack_sample *s, const float *x) {
    return ball_distance(s->norm, s->x0, x, s->d) <= s->eps;
}

static void push_by(const attack_sample *s, double factor, const float *x, float *out) {
    for (size_t k = 0; k < s->d; k++) {
        float to = (float)(s->x0[k] + factor * ((double)x[k] - s->x0[k]));
        out[k] = clip_between(to, s->lb[k], s->ub[k]);
    }
}

bool level_push(const attack_sample *s, const float *x, float *out) {
    enum { DOUBLINGS = 20 };
    if (!(ball_distance(s->norm, s->x0, x, s->d) > 0)) return false;
    if (s->norm == NORM_LINF || s->norm == NORM_L0) {
        push_values(s, x, out);
        return true;
    }
    double low = 1, high = 2;
    for (int step = 0; step < DOUBLINGS; step++) {
        push_by(s, high, x, out);
        if (!in_ball(s, out)) break;
        low = high;
        high *= 2;
    }
    make_last_that_fits(s, push_by, in_ball, low, high, x, out);
    return true;
}

static void ascend_changed(const attack_sample *s, double share, const float *gradient, float *x) {
    for (size_t k = 0; k < s->d; k++) {
        if (x[k] == s->x0[k] || gradient[k] == 0 || isnan(gradient[k])) continue;
        float to = x[k] + copysignf((float)share, gradient[k]);
        x[k] = clip_between(to, s->lb[k], s->ub[k]);
    }
}

void level_ascend(const attack_sample *s, double share, const float *gradient, float *x) {
    const double one = 1 / 255.0;
    if (s->norm == NORM_L0)
        ascend_changed(s, fmax(share, one), gradient, x);
    else
        ball_ascend(s, s->norm == NORM_LINF ? fmax(share, one / s->eps) : share, gradient, x);
}
