#include "audit/report/facts_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/rows.h"
#include "audit/trust.h"

static const row_query any = {.eps = NAN};

kind kind_of(const json *document) {
    static const char *const names[] = {
        "train",   "eval",      "attack",          "poison",  "fairness", "check",    "ablate",
        "explain", "landscape", "gradients",       "kernels", "transfer", "lr-find",  "bench",
        "certify", "corrupt",   "transferability", "spatial", "patch",    "universal"};
    const char *command = json_as_string(json_get(json_get(document, "body"), "command"));
    for (int k = 0; command && k < KIND_OTHER; k++)
        if (strcmp(command, names[k]) == 0) return (kind)k;
    return KIND_OTHER;
}

static bool same_text(const json *a, const json *b, const char *key) {
    return strcmp(row_text(a, key), row_text(b, key)) == 0;
}

static bool same_eps(const json *a, const json *b) {
    double x = row_eps(a), y = row_eps(b);
    return (isnan(x) && isnan(y)) || fabs(x - y) <= 1e-9;
}

const json *fact_row(const json *body, const char *metric, const json *like) {
    row_query q = any;
    q.metric = metric;
    q.group = row_text(like, "group");
    q.attack = row_text(like, "attack");
    const json *found = NULL, *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (!same_text(row, like, "norm") || !same_eps(row, like)) continue;
        bool clustered = strcmp(row_text(row, "method"), "cluster-bootstrap") == 0;
        if (!found || (clustered && !isnan(row_value(row)))) found = row;
    }
    return found;
}

double row_dose(const json *row) {
    const char *group = row_text(row, "group");
    if (strncmp(group, "dose=", 5) != 0) return NAN;
    char *end;
    double dose = strtod(group + 5, &end);
    return end > group + 5 && !*end && dose >= 0 && dose <= 1 ? dose : NAN;
}

bool gap_is_clear(const json *row) {
    interval i = row_interval(row);
    return i.lo > 0 || i.hi < 0;
}

static void find_clean(facts *f, const json *body) {
    row_query q = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    const json *row = row_find(body, &q);
    if (row && !isnan(row_value(row)) && (!f->clean || row_n(row) > row_n(f->clean))) f->clean = row;
}

/* Does row a show more damage than b, at the same eps? */
static bool stronger(const json *a, const json *b, bool targeted) {
    if (figure_is_all(row_text(a, "attack"))) return true;
    if (figure_is_all(row_text(b, "attack"))) return false;
    return targeted ? row_value(a) > row_value(b) : row_value(a) < row_value(b);
}

static void keep_extreme(const json **kept, const json *row, bool largest, bool targeted) {
    double distance = *kept ? row_eps(row) - row_eps(*kept) : 0;
    bool further = largest ? distance > 0 : distance < 0;
    if (!*kept || further || (distance == 0 && stronger(row, *kept, targeted))) *kept = row;
}

static void find_attacked(facts *f, const json *body) {
    if (f->attack) return;
    row_query q = {.metric = "target_success", .group = "all", .eps = NAN};
    f->attack = body;
    f->targeted = row_find(body, &q) != NULL;
    if (!f->targeted) q.metric = "accuracy";
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (isnan(row_value(row)) || isnan(row_eps(row))) continue;
        keep_extreme(&f->attacked_small, row, false, f->targeted);
        keep_extreme(&f->attacked_large, row, true, f->targeted);
    }
    f->distrust = trust_problem(body);
}

static void find_certified(facts *f, const json *body) {
    if (f->certified) return;
    f->certified = body;
    row_query q = {.metric = "certified_accuracy", .group = "all", .eps = NAN};
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (!f->certified_small || row_eps(row) < row_eps(f->certified_small)) f->certified_small = row;
        if (!f->certified_large || row_eps(row) > row_eps(f->certified_large)) f->certified_large = row;
    }
}

bool certified_smoothed(const json *body) {
    return strcmp(row_text(json_get(body, "settings"), "method"), "smoothing") == 0;
}

const json *certified_attacked(const json *body, const json *certified) {
    row_query q = {.metric = "accuracy", .group = "all", .eps = row_eps(certified)};
    return isnan(q.eps) ? NULL : row_find(body, &q);
}

static void find_corrupted(facts *f, const json *body) {
    if (f->corrupted) return;
    row_query q = {.metric = "corruption_accuracy", .attack = "corruptions", .group = "all", .eps = NAN};
    f->corrupted = row_find(body, &q);
    q.metric = "mce";
    f->mce = row_find(body, &q);
}

static bool is_unchanged(const json *row) {
    return strcmp(row_text(row, "attack"), "none") == 0;
}

static worst_group find_worst(const json *body, bool attacked) {
    const row_query q = {.metric = "error", .eps = NAN};
    const json *row, *worst = NULL;
    worst_group w = {NULL, NULL, 0, 0};
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        bool again = strcmp(row_text(row, "method"), "cluster-bootstrap") == 0;
        if (again || is_unchanged(row) == attacked || strcmp(row_text(row, "group"), "all") == 0) continue;
        w.groups++;
        w.unjudged += isnan(row_value(row));
        if (!isnan(row_value(row)) && (!worst || row_value(row) > row_value(worst))) worst = row;
    }
    w.error = worst ? fact_row(body, "error", worst) : NULL;
    w.gap = worst ? fact_row(body, "error_gap", worst) : NULL;
    return w;
}

static void find_groups(facts *f, const json *body) {
    if (f->fairness) return;
    f->fairness = body;
    f->clean_group = find_worst(body, false);
    f->attacked_group = find_worst(body, true);
}

static void find_poison(facts *f, const json *body) {
    if (f->poison) return;
    row_query q = any;
    q.metric = "accuracy";
    f->poison = body;
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));)
        if (!isnan(row_value(row)) && row_dose(row) > 0 &&
            (!f->dose_accuracy || row_dose(row) > row_dose(f->dose_accuracy)))
            f->dose_accuracy = row;
    if (!f->dose_accuracy) return;
    f->dose_change = fact_row(body, "accuracy_change", f->dose_accuracy);
    static const char *const successes[] = {"attack_success", "flip_success", "group_error", NULL};
    for (int i = 0; successes[i] && !f->dose_success; i++) {
        f->dose_success = fact_row(body, successes[i], f->dose_accuracy);
        q.metric = successes[i];
        q.group = "dose=0";
        f->dose_zero = row_find(body, &q);
    }
}

static bool is_new_model(json *const *results, int i, const char *hash) {
    for (int k = 0; k < i; k++) {
        const char *other =
            json_as_string(json_get(json_get(json_get(results[k], "body"), "model"), "sha256"));
        if (other && strcmp(other, hash) == 0) return false;
    }
    return true;
}

/* The data that a model was tested on; training and poisoning name what was trained on. */
static bool is_tested(kind k) {
    return k == KIND_EVAL || k == KIND_ATTACK || k == KIND_FAIRNESS || k == KIND_CERTIFY ||
           k == KIND_CORRUPT || k == KIND_TRANSFERABILITY || k == KIND_SPATIAL || k == KIND_PATCH ||
           k == KIND_UNIVERSAL;
}

static void find_subject(facts *f, json *const *results, int i) {
    const json *body = json_get(results[i], "body"), *model = json_get(body, "model");
    const json *data = json_get(body, "data");
    const char *hash = json_as_string(json_get(model, "sha256"));
    if (hash && is_new_model(results, i, hash)) f->models++;
    if (!f->model && json_is_object(model)) f->model = model;
    if (!f->data && json_is_object(data) && is_tested(kind_of(results[i]))) f->data = data;
}

facts facts_of(json *const *results, int n) {
    facts f = {.seed = n > 0 ? json_as_int(json_get(json_get(results[0], "body"), "seed"), 0) : 0};
    for (int i = 0; i < n; i++) {
        const json *body = json_get(results[i], "body");
        kind k = kind_of(results[i]);
        f.documents[k]++;
        f.warnings += (int)json_count(json_get(body, "warnings"));
        find_subject(&f, results, i);
        if (k != KIND_POISON) find_clean(&f, body);
        if (k == KIND_ATTACK) find_attacked(&f, body);
        if (k == KIND_CERTIFY) find_certified(&f, body);
        if (k == KIND_CORRUPT) find_corrupted(&f, body);
        if (k == KIND_FAIRNESS) find_groups(&f, body);
        if (k == KIND_POISON) find_poison(&f, body);
        if (k == KIND_CHECK) f.verdicts = json_get(json_get(body, "extra"), "verdicts");
    }
    return f;
}
