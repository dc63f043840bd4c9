#include "audit/diagnosis/diagnosis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audit/diagnosis/panel_internal.h"
#include "core/stats.h"

typedef struct check {
    const char *code;
    status (*look)(panel *p, suspicion *s, err *e);
    double limit;
    const char *what, *next;
} check;

static const check checks[] = {
#define CHECK(code, function, limit, what, next) {#code, function, limit, what, next},
#include "audit/diagnosis/checks.def"
#undef CHECK
};
enum { CHECKS = sizeof checks / sizeof *checks };
_Static_assert((int)CHECKS <= (int)DIAGNOSIS_FINDINGS, "room for a finding a check");

static double median_of(double *values, int n) {
    sort_doubles(values, n);
    return n > 0 ? sorted_quantile(values, n, 0.5) : NAN;
}

/* One suspect alone is chance, but where none is allowed. */
static void conclude(finding *f, const suspicion *s, const panel *p) {
    double values[PANEL_IMAGES];
    int n_values = 0;
    for (int i = 0; i < p->n; i++) {
        if (!s->judged[i]) continue;
        f->judged++;
        if (!isnan(s->value[i])) values[n_values++] = s->value[i];
        if (!s->suspect[i]) continue;
        f->suspect++;
        if (f->n < ATTACK_SAMPLES) f->rows[f->n++] = p->d.ids[i];
    }
    f->limit = s->limit;
    f->median = median_of(values, n_values);
    f->raised = f->suspect > s->limit * f->judged && (f->suspect > 1 || s->limit == 0);
}

static status apply(const check *k, panel *p, finding *f, err *e) {
    arena memory = {0};
    size_t n = (size_t)p->n;
    suspicion s = {k->limit, arena_array(&memory, n, sizeof(bool)), arena_array(&memory, n, sizeof(bool)),
                   arena_array(&memory, n, sizeof(double))};
    *f = (finding){.code = k->code, .what = k->what, .next = k->next};
    bool ok = s.judged && s.suspect && s.value;
    for (size_t i = 0; ok && i < n; i++)
        s.value[i] = NAN;
    status done = ok ? k->look(p, &s, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (done == STATUS_OK) conclude(f, &s, p);
    arena_free(&memory);
    return done;
}

status diagnose(model *m, const dataset *d, const diagnosis_plan *plan, const run *r, diagnosis *out,
                err *e) {
    panel p;
    *out = (diagnosis){0};
    if (d->n == 0) return STATUS_OK;
    status s = panel_open(&p, m, d, plan, r, e);
    if (s != STATUS_OK) return s;
    if (p.n > 0) s = panel_walk(&p, e);
    for (int i = 0; s == STATUS_OK && p.n > 0 && i < CHECKS; i++) {
        s = run_cancelled(r) ? STATUS_CANCELLED : apply(&checks[i], &p, &out->findings[i], e);
        out->n = i + 1;
    }
    out->images = p.n;
    out->norm = p.norm;
    out->eps = p.eps;
    out->forwards = p.forwards;
    out->backwards = p.backwards;
    if (s != STATUS_OK) *out = (diagnosis){0};
    panel_close(&p);
    return s;
}

static bool is_known(result *x, const char *code) {
    const json *list = json_get(json_get(result_json(x), "body"), "warnings");
    for (size_t i = 0; i < json_count(list); i++)
        if (strcmp(json_as_string(json_get(json_at(list, i), "code")), code) == 0) return true;
    return false;
}

static json *finding_json(const finding *f) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "code", f->code) && json_set_int(j, "judged", f->judged) &&
              json_set_int(j, "suspect", f->suspect) && json_set_real(j, "limit", f->limit) &&
              json_set_real(j, "median", f->median) && json_set_bool(j, "raised", f->raised);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static json *panel_json(const diagnosis *g) {
    json *j = json_new_object(), *list = json_new_array();
    bool ok = json_set_int(j, "n", g->images) && json_set_string(j, "norm", norm_name(g->norm)) &&
              json_set_real(j, "eps", g->eps) && json_set_int(j, "forward", (int64_t)g->forwards) &&
              json_set_int(j, "backward", (int64_t)g->backwards);
    for (int i = 0; i < g->n; i++)
        ok = json_append(list, finding_json(&g->findings[i])) && ok;
    ok = json_set(j, "checks", list) && ok;
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* On top of what the attacks cost. */
static void add_cost(result *x, const diagnosis *g) {
    const json *cost = json_get(json_get(result_json(x), "body"), "cost");
    result_cost(x, (uint64_t)json_as_int(json_get(cost, "forward"), 0) + g->forwards,
                (uint64_t)json_as_int(json_get(cost, "backward"), 0) + g->backwards);
}

void diagnosis_record(result *x, const diagnosis *g) {
    if (g->images == 0) return;
    add_cost(x, g);
    for (int i = 0; i < g->n; i++) {
        const finding *f = &g->findings[i];
        char text[300];
        if (!f->raised || is_known(x, f->code)) continue;
        snprintf(text, sizeof text, "%d of %d images of the panel: %s", f->suspect, f->judged, f->what);
        result_warning(x, f->code, text, f->rows, f->n, f->next);
    }
    result_extra(x, "panel", panel_json(g));
}
