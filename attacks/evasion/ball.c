/* The geometry of each norm: a random start, a step along a gradient, and the projection. All that methods know of norms is here. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"
#include "core/floats.h"

static void project_linf(const attack_sample *s, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = clip_between(x[i], s->lb[i], s->ub[i]);
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

/* The nearest point of ball and box to x is clip_between(x0 + t (x - x0)) for the largest t <= 1 that is still inside the ball: the
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
        x[i] = clip_between((float)(s->x0[i] + t * ((double)x[i] - s->x0[i])), s->lb[i], s->ub[i]);
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

/* Soft thresholding: the nearest point takes `less` off the length of every change, down to none, and clips it to the room that the
 * box leaves. */
static double shrunk(const attack_sample *s, const float *x, size_t i, double less) {
    double delta = (double)x[i] - s->x0[i];
    double room = delta > 0 ? (double)s->ub[i] - s->x0[i] : (double)s->x0[i] - s->lb[i];
    return copysign(fmin(fmax(fabs(delta) - less, 0), room), delta);
}

static double shrunk_sum(const attack_sample *s, const float *x, double less) {
    double sum = 0;
    for (size_t i = 0; i < s->d; i++)
        sum += fabs(shrunk(s, x, i, less));
    return sum;
}

/* The exact projection on the intersection of ball and box; projecting on one after the other is not it (Croce, Hein, "Mind the
 * box", 2021, proposition 2.1). The threshold is found by bisection, from the side that stays inside. */
static void move_l1(const attack_sample *s, double radius, float *x) {
    double low = 0, high = 0;
    for (size_t i = 0; i < s->d; i++)
        high = fmax(high, fabs((double)x[i] - s->x0[i]));
    if (shrunk_sum(s, x, 0) <= radius) high = 0;
    for (int i = 0; i < 60 && low < high; i++) {
        double middle = (low + high) / 2;
        if (shrunk_sum(s, x, middle) > radius)
            low = middle;
        else
            high = middle;
    }
    for (size_t i = 0; i < s->d; i++)
        x[i] = clip_between((float)(s->x0[i] + shrunk(s, x, i, high)), s->lb[i], s->ub[i]);
}

/* Normalised exponentials, the last of which is left out, are uniform in the simplex (Calafiore et al. 1998). */
static void random_l1(const attack_sample *s, rng *g, float *x) {
    double sum = 0;
    for (size_t i = 0; i < s->d; i++) {
        double length = -log1p(-rng_uniform_double(g));
        x[i] = (float)(rng_uniform(g) < 0.5f ? -length : length);
        sum += length;
    }
    sum -= log1p(-rng_uniform_double(g));
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(s->x0[i] + (sum > 0 ? s->eps * x[i] / sum : 0));
}

static bool can_move(const attack_sample *s, const float *x, size_t i, float direction) {
    return direction > 0 ? x[i] < s->ub[i] : direction < 0 && x[i] > s->lb[i];
}

/* The size that the `count` largest movable components have at least, by bisection of the size: no memory to sort in is needed. */
static float size_of_largest(const attack_sample *s, const float *gradient, const float *x, size_t count) {
    float low = 0, high = 0;
    for (size_t i = 0; i < s->d; i++)
        if (can_move(s, x, i, gradient[i])) high = fmaxf(high, fabsf(gradient[i]));
    for (int step = 0; step < 24; step++) {
        float middle = low + (high - low) / 2;
        size_t above = 0;
        for (size_t i = 0; i < s->d; i++)
            above += fabsf(gradient[i]) >= middle && can_move(s, x, i, gradient[i]);
        if (above >= count)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void add_sparse(const attack_sample *s, double length, const float *gradient, size_t count, float *x) {
    if (!floats_finite(gradient, s->d)) return;
    float size = size_of_largest(s, gradient, x, count > 0 ? count : 1);
    size_t chosen = 0;
    for (size_t i = 0; i < s->d; i++)
        chosen += gradient[i] != 0 && fabsf(gradient[i]) >= size && can_move(s, x, i, gradient[i]);
    float part = chosen > 0 ? (float)(length / (double)chosen) : 0;
    for (size_t i = 0; i < s->d; i++)
        if (gradient[i] != 0 && fabsf(gradient[i]) >= size && can_move(s, x, i, gradient[i]))
            x[i] += copysignf(part, gradient[i]);
}

static void add_l1(const attack_sample *s, double length, const float *gradient, float *x) {
    add_sparse(s, length, gradient, s->d / 100, x);
}

/* Rounding to float32 may leave the result a little outside. Then aim lower, by more each time since a small change may round
 * away; in a ball smaller than the rounding stay at its centre. */
static void project_round(const attack_sample *s, void (*move)(const attack_sample *, double, float *),
                          float *x) {
    for (double slack = 0; slack < s->eps && floats_finite(x, s->d);) {
        move(s, s->eps - slack, x);
        double distance = ball_distance(s->norm, s->x0, x, s->d);
        if (distance <= s->eps) return;
        slack = 4 * slack + (distance - s->eps);
    }
    memcpy(x, s->x0, s->d * sizeof *x);
}

static void project_l2(const attack_sample *s, float *x) {
    project_round(s, move_l2, x);
}

static void project_l1(const attack_sample *s, float *x) {
    project_round(s, move_l1, x);
}

static const struct geometry {
    void (*random)(const attack_sample *s, rng *g, float *x);
    void (*add)(const attack_sample *s, double length, const float *gradient, float *x);
    void (*project)(const attack_sample *s, float *x);
} geometries[] = {
    [NORM_LINF] = {random_linf, add_linf, project_linf},
    [NORM_L2] = {random_l2, add_l2, project_l2},
    [NORM_L1] = {random_l1, add_l1, project_l1},
};

void ball_random(const attack_sample *s, rng *g, float *x) {
    geometries[s->norm].random(s, g, x);
    geometries[s->norm].project(s, x);
}

void ball_project(const attack_sample *s, float *x) {
    geometries[s->norm].project(s, x);
}

bool ball_go_on(const attack_sample *s, float *x) {
    if (!s->warm) return false;
    memcpy(x, s->warm, s->d * sizeof *x);
    ball_project(s, x);
    return true;
}

void ball_ascend(const attack_sample *s, double step, const float *gradient, float *x) {
    geometries[s->norm].add(s, step * s->eps, gradient, x);
    geometries[s->norm].project(s, x);
}

void ball_ascend_sparse(const attack_sample *s, double step, const float *gradient, size_t count, float *x) {
    add_sparse(s, step * s->eps, gradient, count, x);
    project_l1(s, x);
}
