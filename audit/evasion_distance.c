/* The distribution of the distances that break images. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/evasion_details.h"
#include "core/stats.h"

/* The distances of one method, or of all, ascending; what was not broken is infinite and stands at the end. */
typedef struct distances {
    double *values;
    int n, beyond;
    bool walk;
    double largest; /* eps; infinite for a walk */
    const char *attack;
    char name[EVASION_NAME];
} distances;

static const double level = 0.95;
static const struct {
    const char *metric;
    double q;
} quantiles[] = {{"distance_q10", 0.1}, {"distance_median", 0.5}, {"distance_q90", 0.9}};
enum { QUANTILES = sizeof quantiles / sizeof *quantiles, CURVE_MOST = 200 };

/* A cascade ends a walk at the smallest eps: what it leaves is a matter of balls. */
static bool walks(const evasion_plan *p, int method) {
    return method >= 0 && !p->cascade && p->methods[method]->order == EPS_FREE;
}

static bool gather(const dataset *d, const evasion_plan *p, const evasion *v, int method, distances *out) {
    const attack_result *a = walks(p, method) ? &v->results[method] : &v->best;
    *out = (distances){.walk = walks(p, method), .largest = p->eps[p->n_eps - 1]};
    out->attack = evasion_name(p, method, out->name);
    out->values = malloc(((size_t)d->n + 1) * sizeof *out->values);
    if (!out->values) return false;
    for (int row = 0; row < d->n; row++) {
        if (!a->clean_correct[row]) continue;
        bool found = out->walk ? !isnan(a->distance[row]) : a->broken_at[row] < a->n_eps;
        out->values[out->n++] = found ? (double)a->distance[row] : INFINITY;
        out->beyond += !found;
    }
    sort_doubles(out->values, out->n);
    return true;
}

/* The i-th gathering of a result: the walks, then all in balls where one method looks at balls. False past the last. */
static bool next(const evasion_plan *p, const evasion *v, int *method) {
    bool balls = p->stored != NULL;
    for (++*method; *method < v->n_done; ++*method)
        if (walks(p, *method)) return true;
    for (int i = 0; i < v->n_done; i++)
        balls = balls || !walks(p, i);
    return *method == v->n_done && balls;
}

/* The rank of `next` as a method of the plan. */
static int method_of(const evasion *v, int at) {
    return at == v->n_done ? evasion_overall(v) : at;
}

static double at_rank(const distances *s, int64_t rank) {
    return rank < 1 ? 0 : rank > s->n ? INFINITY : s->values[rank - 1];
}

/* The value of the smallest rank with a share q at or below it; the interval of its order statistics. */
static double quantile(const distances *s, double q, interval *i) {
    int64_t lo = 0, hi = 0, rank = (int64_t)ceil(q * s->n);
    *i = (interval){NAN, NAN};
    if (s->n == 0) return NAN;
    quantile_ranks(s->n, q, level, &lo, &hi);
    *i = (interval){at_rank(s, lo), at_rank(s, hi)};
    return at_rank(s, rank < 1 ? 1 : rank);
}

static void record_quantiles(result *x, const evasion_plan *p, const distances *s) {
    char reason[80];
    for (int k = 0; k < QUANTILES; k++) {
        interval i;
        double value = quantile(s, quantiles[k].q, &i);
        if (s->walk)
            snprintf(reason, sizeof reason, "%s", "the attack found no example for so many images");
        else
            snprintf(reason, sizeof reason, "beyond the largest eps, %.10g", s->largest);
        if (isinf(i.hi)) i.hi = NAN; /* open */
        if (isinf(i.lo)) i.lo = NAN;
        row_key key = {
            .metric = quantiles[k].metric, .attack = s->attack, .norm = norm_name(p->norm), .eps = NAN};
        result_value(x, key, s->n, isinf(value) ? NAN : value, i, "order-statistics",
                     s->n ? reason : "no images");
    }
}

static json *point_json(double distance, double share) {
    json *j = json_new_array();
    if (json_append(j, json_new_real(distance)) && json_append(j, json_new_real(share))) return j;
    json_free(j);
    return NULL;
}

/* The share not broken behind each distance; of many distances every so-manieth. */
static json *curve_json(const distances *s) {
    json *list = json_new_array();
    int found = s->n - s->beyond, stride = found / CURVE_MOST + 1;
    bool ok = list && json_append(list, point_json(0, 1));
    for (int k = 0; ok && k < found; k++)
        if ((k + 1) % stride == 0 || k + 1 == found)
            ok = json_append(list, point_json(s->values[k], (double)(s->n - k - 1) / s->n));
    if (ok) return list;
    json_free(list);
    return NULL;
}

static json *distances_json(const distances *s) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "attack", s->attack) && json_set_bool(j, "walk", s->walk) &&
              json_set_int(j, "n", s->n) && json_set_real(j, "largest_eps", s->largest) &&
              json_set_int(j, "beyond", s->beyond) && json_set(j, "curve", curve_json(s));
    if (ok) return j;
    json_free(j);
    return NULL;
}

void evasion_record_distances(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    json *list = json_new_array();
    bool ok = list != NULL;
    for (int at = -1; ok && next(p, v, &at);) {
        distances s;
        ok = gather(d, p, v, method_of(v, at), &s);
        if (ok) record_quantiles(x, p, &s);
        if (ok) ok = json_append(list, distances_json(&s));
        free(s.values);
    }
    if (!ok) {
        json_free(list);
        list = NULL; /* the failure is kept */
    }
    result_extra(x, "distances", list);
}

/* "0.0412", or "> 0.1" beyond the largest eps, or "none" where a walk found nothing. */
static const char *show(const distances *s, double value, char text[32]) {
    if (!isinf(value))
        snprintf(text, 32, "%.4g", value);
    else if (s->walk)
        snprintf(text, 32, "none");
    else
        snprintf(text, 32, "> %.4g", s->largest);
    return text;
}

static void print_one(const context *c, const evasion_plan *p, const distances *s) {
    double values[QUANTILES];
    interval of_median = {0};
    char text[5][32];
    for (int k = 0; k < QUANTILES; k++) {
        interval i;
        values[k] = quantile(s, quantiles[k].q, &i);
        if (k == 1) of_median = i;
    }
    if (s->n == 0) return;
    say(c, "distance (%s) %s%s: median %s [%s, %s], 10 %% %s, 90 %% %s; %d of %d right images not broken\n",
        norm_name(p->norm), strcmp(s->attack, "union") == 0 ? "all of them" : s->attack,
        s->walk ? "" : ", to the resolution of the eps tried", show(s, values[1], text[0]),
        show(s, of_median.lo, text[1]), show(s, of_median.hi, text[2]), show(s, values[0], text[3]),
        show(s, values[2], text[4]), s->beyond, s->n);
}

void evasion_print_distances(const context *c, const dataset *d, const evasion_plan *p, const evasion *v) {
    for (int at = -1; next(p, v, &at);) {
        distances s;
        if (gather(d, p, v, method_of(v, at), &s)) print_one(c, p, &s);
        free(s.values);
    }
}
