#include "audit/trust.h"

#include <string.h>

#include "attacks/attack.h"
#include "audit/rows.h"

static const struct {
    const char *code;
    trust leaves;
} codes[] = {
#define TRUST(code, leaves) {#code, leaves},
#include "audit/trust.def"
#undef TRUST
};

const char *trust_name(trust t) {
    static const char *const names[] = {"low", "limited", "high"};
    return names[t];
}

static trust left_by(const char *code) {
    for (size_t i = 0; code && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code) == 0) return codes[i].leaves;
    return TRUST_HIGH;
}

static const char *code_at(const json *body, size_t i) {
    return json_as_string(json_get(json_at(json_get(body, "warnings"), i), "code"));
}

const char *trust_problem(const json *body) {
    for (size_t i = 0; i < json_count(json_get(body, "warnings")); i++)
        if (left_by(code_at(body, i)) == TRUST_LOW) return code_at(body, i);
    return NULL;
}

static void lower(trust_grade *g, trust to, const char *reason) {
    if (to == TRUST_HIGH) return;
    if (to < g->level) g->level = to;
    for (int i = 0; i < g->n; i++)
        if (strcmp(g->reasons[i], reason) == 0) return;
    if (g->n < TRUST_REASONS) g->reasons[g->n++] = reason;
}

static void grade_warnings(trust_grade *g, const json *body, bool stopped) {
    for (size_t i = 0; i < json_count(json_get(body, "warnings")); i++)
        lower(g, left_by(code_at(body, i)), code_at(body, i));
    bool last = json_as_bool(json_get(json_get(body, "settings"), "no_drop"), false);
    for (int i = 0; last && i < g->n; i++)
        if (strcmp(g->reasons[i], "SILENT_SUCCESS") == 0) g->level = TRUST_LOW;
    if (stopped) lower(g, TRUST_LOW, "stopped before its end");
}

/* What the attacks behind a row can do. */
typedef struct arsenal {
    bool gradient, many_steps, cross_entropy, other_loss, blackbox;
    int64_t starts; /* of one of many steps */
} arsenal;

static void add(arsenal *a, const char *name, const json *options) {
    const attack *k = attack_find(name);
    if (!k) return;
    bool walks = k->needs_gradient && k->defaults.steps > 1;
    int64_t starts = json_as_int(json_get(options, "restarts"), 1);
    a->gradient |= k->needs_gradient;
    a->many_steps |= walks;
    a->cross_entropy |= walks && !k->loss;
    a->other_loss |= walks && k->loss;
    a->blackbox |= !k->needs_gradient && k->defaults.steps > 1;
    if (walks && !k->ranks_classes && starts > a->starts)
        a->starts = starts; /* else they are classes to aim at */
}

/* Of one attack, or of all of the run for "union". */
static arsenal arsenal_of(const json *body, const char *name) {
    arsenal a = {0};
    const json *settings = json_get(body, "settings");
    for (void *i = json_first(settings); i; i = json_next(settings, i))
        if (strcmp(name, "union") == 0 || strcmp(name, json_iterator_key(i)) == 0)
            add(&a, json_iterator_key(i), json_iterator_value(i));
    return a;
}

/* Once every image is broken, by an example that was checked, no attack can find more. */
static bool is_settled(const json *row) {
    bool targeted = strcmp(row_text(row, "metric"), "target_success") == 0;
    return row_value(row) == (targeted ? 1 : 0);
}

static void grade_attacks(trust_grade *g, const json *body, const json *row) {
    enum { STARTS = 5 };
    const char *name = row_text(row, "attack"), *after = strchr(name, '+');
    if (after) name = after + 1; /* what goes on after a corpus */
    bool panel = json_get(json_get(body, "extra"), "panel") != NULL;
    if (is_settled(row)) return;
    if (strcmp(name, "auto") == 0) return;
    if (strncmp(name, "auto/", 5) == 0) {
        lower(g, TRUST_LIMITED, "one stage of the cascade: auto has the figure of all");
        return;
    }
    arsenal a = arsenal_of(body, name);
    if (strcmp(name, "corpus") == 0)
        lower(g, TRUST_LIMITED, "stored examples only");
    else if (!a.gradient)
        lower(g, TRUST_LIMITED, "no gradients were used");
    else if (!a.many_steps)
        lower(g, TRUST_LIMITED, "one step only");
    else if (a.starts < STARTS && !(a.cross_entropy && a.other_loss))
        lower(g, TRUST_LIMITED, "few starts of one loss: --restarts 5, or --attack auto");
    if (!panel && !a.blackbox) lower(g, TRUST_LIMITED, "not checked without gradients: no panel");
}

trust_grade trust_of(const json *body, const json *row, bool stopped) {
    trust_grade g = {.level = TRUST_HIGH};
    grade_warnings(&g, body, stopped);
    grade_attacks(&g, body, row);
    return g;
}

static bool is_attacked(const json *row) {
    const char *metric = row_text(row, "metric");
    return strcmp(row_text(row, "attack"), "none") != 0 &&
           (strcmp(metric, "accuracy") == 0 || strcmp(metric, "target_success") == 0);
}

static bool stamp(json *row, const trust_grade *g) {
    json *reasons = json_new_array();
    bool ok = json_set_string(row, "trust", trust_name(g->level));
    for (int i = 0; i < g->n; i++)
        ok = json_append(reasons, json_new_string(g->reasons[i])) && ok;
    return json_set(row, "trust_reasons", reasons) && ok;
}

bool trust_stamp(json *body, bool stopped) {
    bool ok = true;
    for (size_t i = 0; i < json_count(json_get(body, "rows")); i++) {
        json *row = json_at(json_get(body, "rows"), i);
        if (!is_attacked(row)) continue;
        trust_grade g = trust_of(body, row, stopped);
        ok = stamp(row, &g) && ok;
    }
    return ok;
}
