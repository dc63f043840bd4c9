/* The nearest point of a hyperplane inside the box of pixels, for each norm. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"
#include "core/twins.h"

static double room(const attack_sample *s, const float *x, size_t i, float direction) {
    double r = direction > 0 ? (double)s->ub[i] - x[i] : (double)x[i] - s->lb[i];
    return r > 0 ? r : 0;
}

/* Sums in lanes of their own, so that they are the same for every width of vectors. */
enum { LANES = 32 };

/* Adds what the components from `begin` on, `count` <= LANES of them, gain by a change of this size, and how that grows with the size. */
WIDER_TWINS static void add_pieces(const attack_sample *s, const float *x, const float *w, float side,
                                   double size, size_t begin, size_t count, double gain[restrict LANES],
                                   double slope[restrict LANES]) {
    const float *lb = s->lb + begin, *ub = s->ub + begin;
    bool equal = s->norm == NORM_LINF;
    x += begin;
    w += begin;
    for (size_t i = 0; i < count; i++) {
        double direction = (double)side * w[i], weight = fabs(direction);
        double up = (double)ub[i] - x[i], down = (double)x[i] - lb[i];
        double unit = equal ? 1 : weight, length = size * unit;
        double free = direction > 0 ? up : down;
        free = free > 0 ? free : 0;
        double least = length < free ? length : free;
        gain[i] += weight * least;
        slope[i] += length < free ? weight * unit : 0;
    }
}

static void pieces_at(const attack_sample *s, const float *x, const float *w, float side, double size,
                      double *gain, double *slope) {
    double gains[LANES] = {0}, slopes[LANES] = {0};
    size_t whole = s->d - s->d % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        add_pieces(s, x, w, side, size, i, LANES, gains, slopes);
    add_pieces(s, x, w, side, size, whole, s->d - whole, gains, slopes);
    *gain = *slope = 0;
    for (int lane = 0; lane < LANES; lane++) {
        *gain += gains[lane];
        *slope += slopes[lane];
    }
}

/* The gain <w, delta> rises with the size along a concave line of pieces, whose slope falls as components reach the box. Newton's steps from
 * the left never overshoot, and each but the last ends a piece. */
static double size_for(const attack_sample *s, const float *x, const float *w, float side, double wanted) {
    double size = 0;
    for (int step = 0; step < 60; step++) {
        double gain, slope;
        pieces_at(s, x, w, side, size, &gain, &slope);
        if (gain >= wanted || slope <= 0) break;
        double next = size + (wanted - gain) / slope;
        if (!(next > size)) break;
        size = next;
    }
    return size;
}

/* A change of `size` in every component that counts, as Linf has it, or of `size` times its weight, as L2, up to the box. */
WIDER_TWINS static void move(const attack_sample *s, const float *w, float side, double size,
                             float *restrict x) {
    const float *lb = s->lb, *ub = s->ub;
    bool equal = s->norm == NORM_LINF;
    size_t n = s->d;
    for (size_t i = 0; i < n; i++) {
        double direction = (double)side * w[i], weight = fabs(direction), from = x[i];
        double up = from + (equal ? size : size * weight), down = from - (equal ? size : size * weight);
        double to = direction > 0 ? up : down;
        to = weight == 0 ? from : to;
        x[i] = clip_between((float)to, lb[i], ub[i]);
    }
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
    move(s, w, side, size_for(s, x, w, side, fabs(wanted)), x);
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
