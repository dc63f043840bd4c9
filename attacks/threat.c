#include "attacks/threat.h"

#include <math.h>
#include <string.h>

#include "core/twins.h"

static const char *const norm_names[] = {
#define NORM_NAME(code, name) [code] = name,
    NORM_LIST(NORM_NAME)
#undef NORM_NAME
};

const char *norm_name(norm p) {
    return norm_names[p];
}

status norm_parse(const char *name, norm *out, err *e) {
    *out = NORM_LINF;
#define NORM_MATCH(code, text)                                                                               \
    if (strcmp(name, text) == 0) {                                                                           \
        *out = code;                                                                                         \
        return STATUS_OK;                                                                                    \
    }
    NORM_LIST(NORM_MATCH)
#undef NORM_MATCH
#define NORM_TEXT(code, text) " " text
    return err_set(e, STATUS_USAGE, "unknown norm '%s', expected one of:" NORM_LIST(NORM_TEXT), name);
#undef NORM_TEXT
}

/* The largest float32 that is <= x + eps in exact arithmetic, or 1 if the sum is above that. Knuth's two-sum recovers what the
 * double addition rounded away, which decides where the double is itself a float32. */
static float sum_rounded_down(double x, double eps) {
    double sum = x + eps;
    if (sum > 1) return 1;
    double back = sum - x, lost = (x - (sum - back)) + (eps - back);
    float f = (float)sum;
    bool above = f > sum || (f == sum && lost < 0);
    return above ? nextafterf(f, -INFINITY) : f;
}

/* What one component may be. */
static void bounds(norm p, double eps, float x0, float *lb, float *ub) {
    float lowest = p == NORM_LINF ? -sum_rounded_down(-(double)x0, eps) : 0;
    *lb = lowest > 0 ? lowest : 0;
    *ub = p == NORM_LINF ? sum_rounded_down(x0, eps) : 1;
}

void ball_box(norm p, double eps, const float *x0, size_t d, float *lb, float *ub) {
    for (size_t i = 0; i < d; i++)
        bounds(p, eps, x0[i], &lb[i], &ub[i]);
}

static double distance_linf(const float *x0, const float *x, size_t d) {
    double most = 0;
    for (size_t i = 0; i < d; i++) {
        double difference = fabs((double)x[i] - x0[i]);
        if (difference > most || isnan(difference)) most = difference; /* a NaN stays */
    }
    return most;
}

static double distance_l2(const float *x0, const float *x, size_t d) {
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double difference = (double)x[i] - x0[i];
        sum += difference * difference;
    }
    return sqrt(sum);
}

static double distance_l1(const float *x0, const float *x, size_t d) {
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += fabs((double)x[i] - x0[i]);
    return sum;
}

static double distance_l0(const float *x0, const float *x, size_t d) {
    size_t changed = 0;
    for (size_t i = 0; i < d; i++) {
        if (isnan(x[i])) return NAN;
        changed += x[i] != x0[i];
    }
    return (double)changed;
}

double ball_distance(norm p, const float *x0, const float *x, size_t d) {
    static double (*const distances[NORM_COUNT])(const float *, const float *,
                                                 size_t) = {[NORM_LINF] = distance_linf,
                                                            [NORM_L2] = distance_l2,
                                                            [NORM_L1] = distance_l1,
                                                            [NORM_L0] = distance_l0};
    return distances[p](x0, x, d);
}

/* False for NaN. */
WIDER_TWINS static bool in_box(const float *lb, const float *ub, const float *x, size_t d) {
    unsigned outside = 0;
    for (size_t i = 0; i < d; i++)
        outside |= !(x[i] >= lb[i]) | !(x[i] <= ub[i]);
    return outside == 0;
}

static bool in_radius(norm p, double eps, const float *x0, const float *x, size_t d) {
    return p == NORM_LINF || ball_distance(p, x0, x, d) <= eps * (1 + 1e-6);
}

bool ball_contains(norm p, double eps, const float *x0, const float *lb, const float *ub, const float *x,
                   size_t d) {
    return in_box(lb, ub, x, d) && in_radius(p, eps, x0, x, d);
}

bool ball_holds(norm p, double eps, const float *x0, const float *x, size_t d) {
    for (size_t i = 0; i < d; i++) {
        float lb, ub;
        bounds(p, eps, x0[i], &lb, &ub);
        if (!(x[i] >= lb && x[i] <= ub)) return false;
    }
    return in_radius(p, eps, x0, x, d);
}
