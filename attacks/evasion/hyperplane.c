/* The nearest point of a hyperplane inside the box of pixels, for each norm. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

static double room(const attack_sample *s, const float *x, size_t i, float direction) {
    double r = direction > 0 ? (double)s->ub[i] - x[i] : (double)x[i] - s->lb[i];
    return r > 0 ? r : 0;
}

/* A change of at most `size` in every component, as Linf has it, or of `size` times its weight, as L2. */
static double moved(const attack_sample *s, const float *x, float w, size_t i, double size) {
    double length = s->norm == NORM_LINF ? size : size * fabs((double)w);
    return fmin(length, room(s, x, i, w));
}

/* The gain <w, delta> rises with the size along a concave line of pieces, whose slope falls as components reach the box. Newton's steps from
 * the left never overshoot, and each but the last ends a piece. */
static double size_for(const attack_sample *s, const float *x, const float *w, float side, double wanted) {
    double size = 0;
    for (int step = 0; step < 60; step++) {
        double gain = 0, slope = 0;
        for (size_t i = 0; i < s->d; i++) {
            if (w[i] == 0) continue;
            double weight = fabs((double)w[i]), unit = s->norm == NORM_LINF ? 1 : weight;
            double free = room(s, x, i, side * w[i]);
            gain += weight * fmin(size * unit, free);
            if (size * unit < free) slope += weight * unit;
        }
        if (gain >= wanted || slope <= 0) break;
        double next = size + (wanted - gain) / slope;
        if (!(next > size)) break;
        size = next;
    }
    return size;
}

/* L1: what costs least per gain first: the component of the largest weight, up to the box, then the next. */
static void move_l1(const attack_sample *s, const float *w, float side, double wanted, float *x) {
    float below = INFINITY;
    while (wanted > 0) {
        float largest = 0;
        for (size_t i = 0; i < s->d; i++)
            if (fabsf(w[i]) < below && fabsf(w[i]) > largest && room(s, x, i, side * w[i]) > 0)
                largest = fabsf(w[i]);
        if (largest == 0) return;
        for (size_t i = 0; i < s->d && wanted > 0; i++) {
            if (fabsf(w[i]) != largest) continue;
            double by = fmin(room(s, x, i, side * w[i]), wanted / largest);
            x[i] = (float)(x[i] + copysign(by, side * w[i]));
            wanted -= by * largest;
        }
        below = largest;
    }
}

void hyperplane_reach(const attack_sample *s, const float *w, double wanted, float *x) {
    if (wanted == 0 || !isfinite(wanted)) return;
    float side = wanted > 0 ? 1 : -1;
    if (s->norm == NORM_L1) {
        move_l1(s, w, side, fabs(wanted), x);
        return;
    }
    double size = size_for(s, x, w, side, fabs(wanted));
    for (size_t i = 0; i < s->d; i++) {
        if (w[i] == 0) continue;
        double to = x[i] + copysign(moved(s, x, side * w[i], i, size), side * w[i]);
        x[i] = fminf(fmaxf((float)to, s->lb[i]), s->ub[i]);
    }
}

double dual_norm(norm p, const float *w, size_t d) {
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double size = fabs((double)w[i]);
        if (p == NORM_LINF)
            sum += size;
        else if (p == NORM_L2)
            sum += size * size;
        else
            sum = fmax(sum, size);
    }
    return p == NORM_L2 ? sqrt(sum) : sum;
}
