#include <math.h>
#include <string.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

static bool is_attacked(const json *row) {
    return strcmp(row_text(row, "attack"), "none") != 0 && !isnan(row_eps(row));
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

static void note_row(attacked *a, const json *row) {
    const char *name = row_text(row, "attack");
    int k = 0, at = 0;
    while (k < a->n && strcmp(a->list[k].name, name) != 0)
        k++;
    while (at < a->n_eps && fabs(a->eps[at] - row_eps(row)) > 1e-9)
        at++;
    if (k == ATTACKS_MOST || at == a->n_eps) return;
    if (k == a->n) a->list[a->n++].name = name;
    if (!a->list[k].rows[at]) a->list[k].rows[at] = row;
}

/* Its damage over all eps; what stands for several attacks comes behind all of them. */
static double strength(const attacked *a, const attack_rows *of) {
    double sum = figure_is_all(of->name) ? -1000 : 0;
    for (int i = 0; i < a->n_eps; i++) {
        double value = row_value(of->rows[i]);
        if (!isnan(value)) sum += a->targeted ? value : 1 - value;
    }
    return sum;
}

/* By insertion: in their order where they are equally strong. */
static void sort(attacked *a) {
    for (int i = 0; i < a->n; i++) {
        attack_rows one = a->list[i];
        one.strength = strength(a, &one);
        int at = i;
        for (; at > 0 && a->list[at - 1].strength < one.strength; at--)
            a->list[at] = a->list[at - 1];
        a->list[at] = one;
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
    for (size_t at = 0; (row = row_next(body, &q, &at));)
        if (is_attacked(row)) note_eps(&a, row_eps(row));
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (!is_attacked(row)) continue;
        note_row(&a, row);
        a.any = row;
    }
    sort(&a);
    return a;
}
