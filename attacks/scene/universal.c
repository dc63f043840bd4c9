#include "attacks/universal.h"

#include <math.h>

#include "attacks/scene/learn_internal.h"
#include "core/rng.h"

typedef struct ball {
    norm norm;
    double eps;
    size_t d;
} ball;

void universal_make(const void *how, int row, float *x) {
    const universal_change *k = how;
    (void)row;
    for (size_t i = 0; i < k->d; i++)
        x[i] = fminf(fmaxf(x[i] + k->delta[i], 0), 1);
}

static void apply(const void *self, const float *delta, int row, int step, float *x) {
    const ball *b = self;
    universal_change k = {delta, b->d};
    (void)step;
    universal_make(&k, row, x);
}

/* Straight through the cut to [0, 1]: a pixel that is cut in this image, where the gradient is 0, is not in another, and one that is cut in
 * all would never come back. */
static void pull_back(const void *self, int row, int step, const float *dx, double *pull) {
    const ball *b = self;
    (void)row;
    (void)step;
    for (size_t i = 0; i < b->d; i++)
        pull[i] += dx[i];
}

static double length_of(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

static void move_l2(const ball *b, double length, const double *direction, float *delta) {
    double size = length_of(direction, b->d), sum = 0;
    for (size_t i = 0; size > 0 && i < b->d; i++)
        delta[i] = (float)(delta[i] + b->eps * length * direction[i] / size);
    for (size_t i = 0; i < b->d; i++)
        sum += (double)delta[i] * delta[i];
    double shrink = sqrt(sum) > b->eps ? b->eps / sqrt(sum) * (1 - 1e-7) : 1; /* float32 rounds */
    for (size_t i = 0; shrink < 1 && i < b->d; i++)
        delta[i] = (float)(shrink * delta[i]);
}

static void move(const void *self, double length, const double *direction, float *delta) {
    const ball *b = self;
    if (b->norm == NORM_L2) {
        move_l2(b, length, direction, delta);
        return;
    }
    float most = (float)b->eps;
    if ((double)most > b->eps) most = nextafterf(most, 0);
    for (size_t i = 0; i < b->d; i++) {
        double way = direction[i] > 0 ? length : direction[i] < 0 ? -length : 0;
        delta[i] = fminf(fmaxf((float)(delta[i] + b->eps * way), -most), most);
    }
}

void universal_random(norm which, double eps, uint64_t seed, size_t d, float *delta) {
    rng g = rng_stream(seed, "universal-random", 0, 0, 0, 0);
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        delta[i] = which == NORM_L2 ? rng_normal(&g) : rng_u32(&g) & 1 ? 1 : -1;
        sum += (double)delta[i] * delta[i];
    }
    double scale = which == NORM_L2 ? (sum > 0 ? eps / sqrt(sum) : 0) : eps;
    for (size_t i = 0; i < d; i++)
        delta[i] = (float)(scale * delta[i]);
}

/* A tenth of the ball by chance: from 0 the first steps would all go one way. */
static void start(const ball *b, uint64_t seed, float *delta) {
    universal_random(b->norm, b->eps / 10, seed_derive(seed, "universal-start", 0), b->d, delta);
}

status universal_learn(model *m, const dataset *d, norm which, double eps, const learn_plan *p, const run *r,
                       const char *stage, float *delta, learn_cost *cost, err *e) {
    status s = learn_check(m, d, p, e);
    if (s != STATUS_OK) return s;
    if (which != NORM_LINF && which != NORM_L2)
        return err_set(e, STATUS_USAGE, "universal perturbations have norm linf or l2, not %s",
                       norm_name(which));
    if (!(eps > 0 && isfinite(eps)))
        return err_set(e, STATUS_USAGE, "eps %g, expected a finite number above 0", eps);
    ball b = {which, eps, shape_size(d->image)};
    lesson what = {b.d, &b, apply, pull_back, move};
    start(&b, r->seed, delta);
    return learn(m, d, &what, p, r, stage, delta, cost, e);
}
