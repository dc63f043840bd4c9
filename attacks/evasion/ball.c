/* The geometry of each norm: a random start, a step along a gradient, and the projection. All that methods know of norms is here. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

static float clip(float x, float lb, float ub) {
    float low = x > lb ? x : lb; /* NaN becomes lb */
    return low < ub ? low : ub;
}

static void project_linf(const attack_sample *s, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = clip(x[i], s->lb[i], s->ub[i]);
}

static void random_linf(const attack_sample *s, rng *g, float *x) {
    float eps = (float)s->eps;
    for (size_t i = 0; i < s->d; i++)
        x[i] = s->x0[i] + rng_range(g, -eps, eps);
}

static void add_linf(const attack_sample *s, double length, const float *gradient, float *x) {
    float a = (float)length;
    for (size_t i = 0; i < s->d; i++)
        x[i] += a * (float)((gradient[i] > 0) - (gradient[i] < 0));
}

/* The nearest point of ball and box to x is clip(x0 + t (x - x0)) for the largest t <= 1 that is still inside the ball: the
 * multiplier of the ball shrinks the whole difference, those of the box clip it. A component that has reached the box adds no
 * more to the norm, which leaves more of it to the others: scaling first and clipping afterwards, as is often done, wastes that
 * on images with many black or white pixels. The clipped set only grows with t, so the loop ends. */
static double scale_l2(const attack_sample *s, const float *x, double radius) {
    for (double t = 0;;) {
        double clipped = 0, open = 0;
        for (size_t i = 0; i < s->d; i++) {
            double delta = (double)x[i] - s->x0[i];
            double room = delta > 0 ? (double)s->ub[i] - s->x0[i] : (double)s->lb[i] - s->x0[i];
            if (t * fabs(delta) >= fabs(room))
                clipped += room * room;
            else
                open += delta * delta;
        }
        if (clipped + open <= radius * radius) return 1;
        double next = sqrt(fmax(radius * radius - clipped, 0) / open);
        if (!(next > t)) return t;
        t = next;
    }
}

static void move_l2(const attack_sample *s, double radius, float *x) {
    double t = scale_l2(s, x, radius);
    for (size_t i = 0; i < s->d; i++)
        x[i] = clip((float)(s->x0[i] + t * ((double)x[i] - s->x0[i])), s->lb[i], s->ub[i]);
}

/* Rounding to float32 may leave the result a little outside. Then aim lower, by more each time since a small change may round
 * away; in a ball smaller than the rounding stay at its centre. */
static void project_l2(const attack_sample *s, float *x) {
    for (double slack = 0; slack < s->eps;) {
        move_l2(s, s->eps - slack, x);
        double distance = ball_distance(NORM_L2, s->x0, x, s->d);
        if (distance <= s->eps) return;
        if (!isfinite(distance)) break;
        slack = 4 * slack + (distance - s->eps);
    }
    memcpy(x, s->x0, s->d * sizeof *x);
}

/* A direction with normal components is uniform on the sphere; the radius of a uniform point is eps u^(1/d). */
static void random_l2(const attack_sample *s, rng *g, float *x) {
    double radius = s->eps * pow(rng_uniform_double(g), 1 / (double)s->d), sum = 0;
    for (size_t i = 0; i < s->d; i++) {
        x[i] = rng_normal(g);
        sum += (double)x[i] * x[i];
    }
    double scale = sum > 0 ? radius / sqrt(sum) : 0;
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(s->x0[i] + scale * x[i]);
}

static void add_l2(const attack_sample *s, double length, const float *gradient, float *x) {
    double sum = 0;
    for (size_t i = 0; i < s->d; i++)
        sum += (double)gradient[i] * gradient[i];
    if (!(sum > 0 && isfinite(sum))) return;
    double scale = length / sqrt(sum);
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(x[i] + scale * gradient[i]);
}

static const struct geometry {
    void (*random)(const attack_sample *s, rng *g, float *x);
    void (*add)(const attack_sample *s, double length, const float *gradient, float *x);
    void (*project)(const attack_sample *s, float *x);
} geometries[] = {
    [NORM_LINF] = {random_linf, add_linf, project_linf},
    [NORM_L2] = {random_l2, add_l2, project_l2},
};

void ball_random(const attack_sample *s, rng *g, float *x) {
    geometries[s->norm].random(s, g, x);
    geometries[s->norm].project(s, x);
}

void ball_ascend(const attack_sample *s, double step, const float *gradient, float *x) {
    geometries[s->norm].add(s, step * s->eps, gradient, x);
    geometries[s->norm].project(s, x);
}
