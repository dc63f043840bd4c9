#include <math.h>
#include <string.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

static bool is_attacked(const json *row) {
    return strcmp(row_text(row, "attack"), "none") != 0 && !isnan(row_eps(row));
}

static void note_name(attacked *a, const char *name) {
    for (int i = 0; i < a->n_names; i++)
        if (strcmp(a->names[i], name) == 0) return;
    if (a->n_names < ATTACKS_MOST) a->names[a->n_names++] = name;
}

static void note_eps(attacked *a, double eps) {
    int at = 0;
    while (at < a->n_eps && a->eps[at] < eps - 1e-9)
        at++;
    if ((at < a->n_eps && a->eps[at] <= eps + 1e-9) || a->n_eps == EPS_MOST) return;
    memmove(&a->eps[at + 1], &a->eps[at], (size_t)(a->n_eps - at) * sizeof *a->eps);
    a->eps[at] = eps;
    a->n_eps++;
}

const json *attacked_row(const attacked *a, const char *name, double eps) {
    row_query q = {.metric = a->metric, .attack = name, .group = "all", .eps = eps};
    return row_find(a->body, &q);
}

/* Its damage over all eps; what stands for several attacks comes behind all of them. */
static double strength(const attacked *a, const char *name) {
    double sum = figure_is_all(name) ? -1000 : 0;
    for (int i = 0; i < a->n_eps; i++) {
        double value = row_value(attacked_row(a, name, a->eps[i]));
        if (!isnan(value)) sum += a->targeted ? value : 1 - value;
    }
    return sum;
}

/* In their order where they are equally strong. */
static void sort_names(attacked *a) {
    double strengths[ATTACKS_MOST];
    for (int i = 0; i < a->n_names; i++) {
        const char *name = a->names[i];
        double s = strength(a, name);
        int at = i;
        for (; at > 0 && strengths[at - 1] < s; at--) {
            strengths[at] = strengths[at - 1];
            a->names[at] = a->names[at - 1];
        }
        strengths[at] = s;
        a->names[at] = name;
    }
}

attacked attacked_of(const json *body) {
    row_query q = {.metric = "target_success", .group = "all", .eps = NAN};
    attacked a = {.body = body, .targeted = row_find(body, &q) != NULL, .metric = "accuracy"};
    row_query clean = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    if (a.targeted) a.metric = "target_success";
    a.clean = row_find(body, &clean);
    q.metric = a.metric;
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (!is_attacked(row)) continue;
        note_name(&a, row_text(row, "attack"));
        note_eps(&a, row_eps(row));
        a.any = row;
    }
    sort_names(&a);
    return a;
}
