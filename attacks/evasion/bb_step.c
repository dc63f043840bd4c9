/* The step of the Brendel-Bethge attack. With x and the clean image x0 given, every solution is of the form clip(x0 + pulled(x - x0 - side * b)): `side` is the
 * multiplier of the plane, and the pull stands for that of the trust region: a share of the way to x0 (L2), a soft threshold (L1), or what is taken off the
 * largest change that the pixels' range has (Linf). The plane's side falls monotonically with its multiplier, and the length of the step grows with the pull, so that two
 * nested searches of one variable are exact. */
#include "attacks/evasion/bb_step_internal.h"

#include <math.h>
#include <string.h>

typedef struct problem {
    const attack_sample *s;
    const float *x, *b;
    double wanted; /* change of <b, x> */
    double unit;   /* the multiplier that moves one component through the whole box */
    double pull, side;
} problem;

static const double most_units = 1e6;

typedef struct measure {
    double gain, slope; /* <b, y - x>, and what it loses per unit of `side` */
    double length;      /* ||y - x||_2 */
} measure;

/* Component i of the step's end, and whether it moves with `side`. */
static double end_of(const problem *p, double side, size_t i, bool *moves) {
    const attack_sample *s = p->s;
    double delta = (double)p->x[i] - s->x0[i], low = (double)s->lb[i] - s->x0[i],
           high = (double)s->ub[i] - s->x0[i];
    *moves = true;
    if (s->norm == NORM_L2) {
        delta = (1 - p->pull) * delta - side * p->b[i];
    } else if (s->norm == NORM_L1) {
        double threshold =
            p->pull /
            (1 - p->pull); /* without end: the multiplier of a trust region that does not bind is 0 */
        delta -= side * p->b[i];
        *moves = fabs(delta) > threshold;
        delta = *moves ? delta - copysign(threshold, delta) : 0;
    } else {
        double most = 1 - p->pull;
        delta -= side * p->b[i];
        low = fmax(low, -most);
        high = fmin(high, most);
    }
    if (delta < low || delta > high) *moves = false;
    return fmin(fmax(delta, low), high);
}

static measure measured(const problem *p, double side) {
    measure m = {0};
    for (size_t i = 0; i < p->s->d; i++) {
        bool moves;
        double b = p->b[i], change = end_of(p, side, i, &moves) - ((double)p->x[i] - p->s->x0[i]);
        m.gain += b * change;
        m.length += change * change;
        if (moves) m.slope += b * b;
    }
    m.length = sqrt(m.length);
    return m;
}

/* The multiplier for which the plane is reached, from the last one on: Newton's steps inside a bracket, whose middle is taken where they would leave it; while nothing
 * moves, twice as far. False where the box is in the way of the plane. */
static bool reach_plane(problem *p, measure *m) {
    double low = -INFINITY, high = INFINITY, limit = most_units * p->unit;
    double tolerance = 1e-6 * fabs(p->wanted) + 1e-12;
    for (int step = 0; step < 60; step++) {
        *m = measured(p, p->side);
        double missing = p->wanted - m->gain;
        if (fabs(missing) <= tolerance) return true;
        if (missing > 0)
            high = p->side;
        else
            low = p->side;
        double next = p->side - missing / m->slope;
        if (!(m->slope > 0 && next > low && next < high)) next = (low + high) / 2;
        if (!isfinite(next)) next = p->side - copysign(fmax(fabs(p->side), p->unit), missing);
        next = fmin(fmax(next, -limit), limit);
        if (next == p->side) return fabs(next) < limit;
        p->side = next;
    }
    return true;
}

/* The end of the longest way to the plane inside the trust region, where the plane is beyond. */
static void approach(problem *p, double radius) {
    double near = 0, far = p->side;
    for (int step = 0; step < 40; step++) {
        p->side = (near + far) / 2;
        if (measured(p, p->side).length > radius)
            far = p->side;
        else
            near = p->side;
    }
    p->side = near;
}

/* The largest pull that the trust region lets. */
static void pull_back(problem *p, double radius) {
    enum { STEPS = 25 };
    double most = p->s->norm == NORM_L1 ? 0.999 : 1, low = 0, high = most, side = p->side;
    measure m;
    p->pull = most;
    for (int step = 0; step < STEPS; step++) {
        if (reach_plane(p, &m) && m.length <= radius) {
            low = p->pull;
            side = p->side;
            if (low == most) break;
        } else {
            high = p->pull;
            p->side = side;
        }
        p->pull = (low + high) / 2;
    }
    p->pull = low;
    p->side = side;
}

bool bb_step(const attack_sample *s, const float *b, double wanted, double radius, float *x) {
    problem p = {.s = s, .x = x, .b = b, .wanted = wanted};
    p.unit = 1 / dual_norm(NORM_L1, b, s->d);
    measure m;
    bool reached = reach_plane(&p, &m), beyond = m.length > radius;
    if (beyond)
        approach(&p, radius);
    else if (reached)
        pull_back(&p, radius);
    for (size_t i = 0; i < s->d; i++) {
        bool moves;
        float to = (float)(s->x0[i] + end_of(&p, p.side, i, &moves));
        x[i] = fminf(fmaxf(to, s->lb[i]), s->ub[i]);
    }
    return reached && !beyond;
}
