#include "audit/gate/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/trust.h"
#include "core/stats.h"

const char *outcome_name(outcome o) {
    switch (o) {
#define OUTCOME_NAME(code, name)                                                                             \
    case code:                                                                                               \
        return name;
        OUTCOME_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
    }
    return "unknown";
}

static bool text_fits(const char *wanted, const json *row, const char *key) {
    const char *found = json_as_string(json_get(row, key));
    return !wanted || (found && strcmp(wanted, found) == 0);
}

static bool ends_in_star(const char *group) {
    size_t n = strlen(group);
    return n >= 2 && strcmp(group + n - 2, "=*") == 0;
}

static bool group_fits(const gate *g, const json *row) {
    const char *found = json_as_string(json_get(row, "group"));
    if (!found || !ends_in_star(g->group)) return found && strcmp(found, g->group) == 0;
    return strncmp(found, g->group, strlen(g->group) - 1) == 0 && !strchr(found, '&');
}

static bool eps_fits(const gate *g, const json *row) {
    double found = json_as_real(json_get(row, "eps"), NAN);
    return isnan(g->eps) || fabs(found - g->eps) <= 1e-9 * fmax(1, fabs(g->eps));
}

static bool row_fits(const gate *g, const json *row) {
    return text_fits(g->metric, row, "metric") && text_fits(g->attack, row, "attack") &&
           text_fits(g->norm, row, "norm") && text_fits(g->method, row, "method") && group_fits(g, row) &&
           eps_fits(g, row);
}

/* Figures of a model alone and behind a defence are of two classifiers. */
static bool defence_fits(const gate *g, const json *body) {
    const json *settings = json_get(json_get(body, "settings"), "defence");
    const char *chain = json_as_string(json_get(settings, "chain"));
    if (!g->defence || !chain) return !g->defence && !chain;
    return strcmp(g->defence, chain) == 0;
}

static verdict *add_verdict(verdicts *v, const gate *g, const char *group, int room) {
    if (v->n == room) return NULL;
    verdict *one = &v->list[v->n++];
    *one = (verdict){
        .gate = g, .group = arena_strdup(&v->memory, group), .value = NAN, .lo = NAN, .hi = NAN, .p = NAN};
    return one;
}

/* Is x on the safe side of the limit? */
static bool holds(const gate *g, double x) {
    return g->at_least ? x >= g->limit : x <= g->limit;
}

static bool passes(const gate *g, int64_t k, int64_t n, double alpha) {
    return holds(g, g->at_least ? clopper_pearson_lower(k, n, alpha) : clopper_pearson_upper(k, n, alpha));
}

/* Exact one-sided p-value of "the limit holds". */
static double failing_p(const gate *g, int64_t k, int64_t n) {
    if (g->limit <= 0 || g->limit >= 1) return holds(g, (double)k / (double)n) ? 1 : 0;
    if (g->at_least) return k == n ? 1 : incomplete_beta((double)(n - k), (double)k + 1, 1 - g->limit);
    return k == 0 ? 1 : incomplete_beta((double)k, (double)(n - k) + 1, g->limit);
}

/* About the smallest n at which the same share would pass or fail; 0 when none up to 10^8 would. */
static int64_t rows_needed(const gate *g, double share, double alpha) {
    const int64_t most = 100000000;
    int64_t lo = 1, hi = 1;
    for (;; lo = hi, hi *= 2) {
        int64_t k = llround(share * (double)hi);
        if (holds(g, share) ? passes(g, k, hi, alpha) : failing_p(g, k, hi) <= alpha) break;
        if (hi > most) return 0;
    }
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2, k = llround(share * (double)middle);
        bool decided = holds(g, share) ? passes(g, k, middle, alpha) : failing_p(g, k, middle) <= alpha;
        *(decided ? &hi : &lo) = middle;
    }
    return hi;
}

/* A share k / n: pass now; whether it fails is known only when all gates are (Holm). */
static void judge_share(verdict *v, int64_t k, double alpha) {
    const gate *g = v->gate;
    v->lo = clopper_pearson_lower(k, v->n, alpha);
    v->hi = clopper_pearson_upper(k, v->n, alpha);
    v->p = failing_p(g, k, v->n);
    v->outcome = passes(g, k, v->n, alpha) ? GATE_PASS : GATE_INCONCLUSIVE;
    v->reason =
        v->outcome == GATE_PASS ? "the bound holds the limit" : "the bounds lie on both sides of the limit";
}

static void judge_interval(verdict *v, const json *row) {
    const gate *g = v->gate;
    v->lo = json_as_real(json_get(row, "lo"), NAN);
    v->hi = json_as_real(json_get(row, "hi"), NAN);
    if (isnan(v->lo) || isnan(v->hi)) {
        v->outcome = GATE_NOT_EVALUABLE;
        v->reason = "the row has no interval";
    } else if (holds(g, v->lo) && holds(g, v->hi)) {
        v->outcome = GATE_PASS;
        v->reason = "the whole interval holds the limit";
    } else if (!holds(g, v->lo) && !holds(g, v->hi)) {
        v->outcome = GATE_FAIL;
        v->reason = "the whole interval breaks the limit";
    } else {
        v->outcome = GATE_INCONCLUSIVE;
        v->reason = "the interval spans the limit";
    }
}

static void judge_row(verdict *v, const json *body, const json *row, const policy *p, arena *memory) {
    const char *problem = strcmp(v->gate->attack, "none") != 0 ? trust_problem(body) : NULL;
    v->n = json_as_int(json_get(row, "n"), 0);
    v->value = json_as_real(json_get(row, "value"), NAN);
    v->outcome = GATE_NOT_EVALUABLE;
    if (problem) {
        v->reason = arena_printf(memory, "the attack is not to be trusted: warning %s", problem);
    } else if (isnan(v->value)) {
        const char *why = json_as_string(json_get(row, "reason"));
        v->reason = why ? arena_strdup(memory, why) : "the value is null";
    } else if (text_fits("wilson", row, "method") && v->n > 0) {
        judge_share(v, llround(v->value * (double)v->n), p->alpha);
    } else {
        judge_interval(v, row);
    }
}

static verdict *verdict_of_group(verdicts *v, int first, const char *group) {
    for (int k = first; k < v->n; k++)
        if (strcmp(v->list[k].group, group) == 0) return &v->list[k];
    return NULL;
}

/* A row that fits: a new verdict, or the end of one that another row had given to the same group. */
static void take_row(const gate *g, const policy *p, const json *body, const json *row, int first,
                     verdicts *out, int room) {
    const char *group = json_as_string(json_get(row, "group"));
    verdict *twin = verdict_of_group(out, first, group);
    if (twin) {
        twin->outcome = GATE_NOT_EVALUABLE;
        twin->reason = "several rows fit: name command, norm, eps or method";
        return;
    }
    verdict *v = add_verdict(out, g, group, room);
    if (v) judge_row(v, body, row, p, &out->memory);
}

/* The verdicts of one gate: one, or one a group. */
static void judge_gate(const gate *g, const policy *p, json *const *results, int n, verdicts *out, int room) {
    int first = out->n;
    for (int i = 0; i < n; i++) {
        const json *body = json_get(results[i], "body"), *rows = json_get(body, "rows");
        bool fits = text_fits(g->command, body, "command") && defence_fits(g, body);
        for (size_t r = 0; fits && r < json_count(rows); r++)
            if (row_fits(g, json_at(rows, r))) take_row(g, p, body, json_at(rows, r), first, out, room);
    }
    verdict *none = out->n == first ? add_verdict(out, g, g->group, room) : NULL;
    if (none) {
        none->outcome = GATE_NOT_EVALUABLE;
        none->reason = "no row of the results fits";
    }
}

static int by_p(const void *a, const void *b) {
    double x = (*(verdict *const *)a)->p, y = (*(verdict *const *)b)->p;
    return (x > y) - (x < y);
}

/* Holm 1979: the i-th smallest p of m is compared with alpha / (m - i). The rest of the inconclusive get the n that would decide. */
static status settle_failures(verdicts *v, double alpha, err *e) {
    verdict **order = arena_array(&v->memory, (size_t)v->n, sizeof *order);
    if (!order) return err_set(e, STATUS_NO_MEMORY, "out of memory for %d verdicts", v->n);
    int m = 0;
    for (int i = 0; i < v->n; i++)
        if (!isnan(v->list[i].p) && v->list[i].outcome != GATE_NOT_EVALUABLE) order[m++] = &v->list[i];
    qsort(order, (size_t)m, sizeof *order, by_p);
    bool rejecting = true;
    for (int i = 0; i < m; i++) {
        verdict *one = order[i];
        rejecting = rejecting && one->p <= alpha / (m - i);
        if (one->outcome != GATE_INCONCLUSIVE) continue;
        if (rejecting) {
            one->outcome = GATE_FAIL;
            one->reason = "the bound breaks the limit";
        } else {
            if (one->p <= alpha)
                one->reason = "below the limit alone, but not after Holm's correction for all gates";
            one->n_needed = rows_needed(one->gate, one->value, alpha);
        }
    }
    return STATUS_OK;
}

status verdicts_of(const policy *p, json *const *results, int n, verdicts *out, err *e) {
    *out = (verdicts){0};
    size_t room = (size_t)p->n; /* each gate gives at most one verdict a row, and at least one */
    for (int i = 0; i < n; i++)
        room += (size_t)p->n * json_count(json_get(json_get(results[i], "body"), "rows"));
    out->list = arena_array(&out->memory, room, sizeof *out->list);
    if (!out->list) return err_set(e, STATUS_NO_MEMORY, "out of memory for the verdicts of %d gates", p->n);
    for (int i = 0; i < p->n; i++)
        judge_gate(&p->gates[i], p, results, n, out, (int)room);
    status s = settle_failures(out, p->alpha, e);
    if (s != STATUS_OK) verdicts_free(out);
    return s;
}

void verdicts_free(verdicts *v) {
    arena_free(&v->memory);
    *v = (verdicts){0};
}

int verdicts_exit_code(const verdicts *v, bool strict) {
    int count[GATE_NOT_EVALUABLE + 1] = {0};
    for (int i = 0; i < v->n; i++)
        count[v->list[i].outcome]++;
    if (count[GATE_FAIL]) return 1;
    if (count[GATE_NOT_EVALUABLE]) return 3;
    return strict && count[GATE_INCONCLUSIVE] ? 4 : 0;
}
