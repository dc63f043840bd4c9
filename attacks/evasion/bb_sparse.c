/* The step of the Brendel-Bethge attack that minimises the number of changed floats. With a multiplier for the trust region each float either goes home, to its value in the clean image, or to where its slope
 * and the region would have it; what that is worth more than home is its score, and the floats of the highest scores stay changed, as few as reach the plane. The looser the
 * region is taken, the more the score is that of the plane alone; the loosest whose step is short enough is taken. */
#include <math.h>

#include "attacks/evasion/bb_step_internal.h"

typedef struct choice {
    const attack_sample *s;
    const float *x, *b;
    double stretch; /* a float goes from x along stretch * b: one over twice the multiplier of the region */
    double least;   /* floats of higher scores stay changed */
} choice;

typedef struct measure {
    double gain, length, highest; /* <b, y - x>, ||y - x||_2, score */
} measure;

static double changed_to(const choice *c, size_t i) {
    return fmin(fmax(c->x[i] + c->stretch * c->b[i], c->s->lb[i]), c->s->ub[i]);
}

static double score_of(const choice *c, double to, size_t i) {
    double there = to - c->x[i], home = (double)c->s->x0[i] - c->x[i];
    return c->b[i] * (there - home) - (there * there - home * home) / (2 * c->stretch);
}

static measure measured(const choice *c) {
    measure m = {0};
    for (size_t i = 0; i < c->s->d; i++) {
        double to = changed_to(c, i), score = score_of(c, to, i), home = c->s->x0[i];
        double by = (score > c->least ? to : home) - c->x[i];
        m.gain += c->b[i] * by;
        m.length += by * by;
        m.highest = fmax(m.highest, score);
    }
    m.length = sqrt(m.length);
    return m;
}

/* As few floats as reach the plane; false where all of them do not. */
static bool reach_plane(choice *c, double wanted, measure *m) {
    enum { STEPS = 30 };
    c->least = 0;
    *m = measured(c);
    if (!(m->gain >= wanted)) return false;
    double low = 0, high = m->highest;
    for (int step = 0; step < STEPS && low < high; step++) {
        c->least = step == 0 ? high : (low + high) / 2; /* first whether all may go home */
        measure now = measured(c);
        if (now.gain >= wanted) {
            low = c->least;
            *m = now;
        } else {
            high = c->least;
        }
    }
    c->least = low;
    return true;
}

/* The largest stretch whose step lies inside the trust region. */
static bool fit_region(choice *c, double wanted, double radius) {
    enum { STEPS = 12 };
    double low = -3, high = 4, unit = 1 / dual_norm(NORM_L1, c->b, c->s->d), least = 0;
    bool found = false;
    for (int step = 0; step <= STEPS; step++) {
        measure m;
        double power = step == 0 ? high : (low + high) / 2;
        c->stretch = unit * pow(10, power);
        if (reach_plane(c, wanted, &m) && m.length <= radius) {
            found = true;
            low = power;
            least = c->least;
            if (step == 0) break;
        } else {
            high = power;
        }
    }
    c->stretch = unit * pow(10, low);
    c->least = least;
    return found;
}

/* Where no plane is near enough: as far along the slope as the region lets, with the changed floats and the steepest of the others. */
static void approach(const choice *c, double radius, float *x) {
    enum { STEPS = 30 };
    size_t steepest = 0;
    double most = -1, low = 0, high = 1e4 / dual_norm(NORM_L1, c->b, c->s->d);
    choice now = *c;
    now.stretch = high;
    for (size_t i = 0; i < c->s->d; i++) {
        double gain = c->b[i] * (changed_to(&now, i) - c->x[i]);
        if (c->x[i] == c->s->x0[i] && gain > most) {
            most = gain;
            steepest = i;
        }
    }
    for (int step = 0; step < STEPS; step++) {
        double sum = 0;
        now.stretch = (low + high) / 2;
        for (size_t i = 0; i < c->s->d; i++) {
            double by = changed_to(&now, i) - c->x[i];
            if (i == steepest || c->x[i] != c->s->x0[i]) sum += by * by;
        }
        if (sqrt(sum) <= radius)
            low = now.stretch;
        else
            high = now.stretch;
    }
    now.stretch = low;
    for (size_t i = 0; i < c->s->d; i++)
        if (i == steepest || c->x[i] != c->s->x0[i]) x[i] = (float)changed_to(&now, i);
}

bool bb_step_sparse(const attack_sample *s, const float *b, double wanted, double radius, float *x) {
    choice c = {.s = s, .x = x, .b = b};
    if (!fit_region(&c, wanted, radius)) {
        approach(&c, radius, x);
        return false;
    }
    for (size_t i = 0; i < s->d; i++) {
        double to = changed_to(&c, i);
        x[i] = score_of(&c, to, i) > c.least ? (float)to : s->x0[i];
    }
    return true;
}
