/* The diagnosis on models of which it is known what is wrong with them, if anything. */
#include <stdio.h>
#include <string.h>

#include "audit/evasion.h"
#include "audit/selftest/breakages.h"
#include "audit/selftest/selftest_internal.h"

enum { IMAGES = 100 };

/* Attacks with FGSM and PGD, diagnoses, and leaves the warnings in x. */
static status attack_and_diagnose(model *m, const dataset *d, attack_options options, const run *r, result *x,
                                  err *e) {
    static const double eps[] = {0.01, 0.03};
    evasion_plan p = {.methods = {attack_find("fgsm"), attack_find("pgd")},
                      .n_methods = 2,
                      .norm = NORM_LINF,
                      .eps = eps,
                      .n_eps = 2,
                      .options = options};
    evasion v = {0};
    diagnosis g = {0};
    status s = evasion_run(m, d, &p, r, &v, e);
    if (s == STATUS_OK) s = evasion_diagnose(m, d, &p, &v, r, &g, e);
    if (s == STATUS_OK) {
        evasion_record(x, d, &p, &v);
        diagnosis_record(x, &g);
    }
    evasion_free(&v);
    return s;
}

/* The codes of all warnings, each once, in a line; whether `wanted` is one of them. */
static bool list_codes(result *x, const char *wanted, char detail[SELFTEST_DETAIL]) {
    const json *list = json_get(json_get(result_json(x), "body"), "warnings");
    bool found = false;
    size_t used = 0;
    for (size_t i = 0; i < json_count(list); i++) {
        const char *code = json_as_string(json_get(json_at(list, i), "code"));
        found |= wanted && strcmp(code, wanted) == 0;
        if (used && strstr(detail, code)) continue;
        int more = snprintf(detail + used, SELFTEST_DETAIL - used, "%s%s", used ? " " : "", code);
        used += more > 0 && used + (size_t)more < SELFTEST_DETAIL ? (size_t)more : 0;
    }
    return found;
}

static bool diagnosed(const run *r, analytic *inner, model *m, attack_options options, const char *wanted,
                      char detail[SELFTEST_DETAIL]) {
    dataset d = {0};
    err e = {{0}};
    run alone = *r; /* in which order threads come would decide what random models answer */
    alone.threads = 1;
    result *x = result_new("selftest", &alone);
    status s = analytic_data(inner, IMAGES, &d, &e);
    if (s == STATUS_OK) s = attack_and_diagnose(m, &d, options, &alone, x, &e);
    snprintf(detail, SELFTEST_DETAIL, "%.150s", s == STATUS_OK ? "no warnings" : e.message);
    bool found = s == STATUS_OK && list_codes(x, wanted, detail);
    bool none = s == STATUS_OK && strcmp(detail, "no warnings") == 0;
    dataset_free(&d);
    result_free(x);
    return wanted ? found : none;
}

static bool healthy(const run *r, analytic_kind kind, char detail[SELFTEST_DETAIL]) {
    analytic a;
    analytic_make(kind, &a);
    return diagnosed(r, &a, &a.m, (attack_options){0}, NULL, detail);
}

bool selftest_healthy_linear(const run *r, char detail[SELFTEST_DETAIL]) {
    return healthy(r, ANALYTIC_LINEAR, detail);
}

bool selftest_healthy_quadratic(const run *r, char detail[SELFTEST_DETAIL]) {
    return healthy(r, ANALYTIC_QUADRATIC, detail);
}

static bool raises(const run *r, const char *name, attack_options options, const char *code,
                   char detail[SELFTEST_DETAIL]) {
    analytic inner;
    broken b;
    model m;
    analytic_make(ANALYTIC_QUADRATIC, &inner);
    broken_make(&b, breakage_find(name), &inner, &m);
    return diagnosed(r, &inner, &m, options, code, detail);
}

#define BREAKAGE(name, code, what, ...)                                                                      \
    bool selftest_broken_##name(const run *r, char detail[SELFTEST_DETAIL]) {                                \
        return raises(r, #name, (attack_options){0}, #code, detail);                                         \
    }
#include "audit/selftest/breakages.def"
#undef BREAKAGE

/* Not the model is at fault but the attack. */
bool selftest_short_steps(const run *r, char detail[SELFTEST_DETAIL]) {
    return raises(r, "nothing", (attack_options){.steps = 5, .step_size = 0.05}, "NOT_CONVERGED", detail);
}

bool selftest_few_steps(const run *r, char detail[SELFTEST_DETAIL]) {
    return raises(r, "nothing", (attack_options){.steps = 2, .step_size = 0.1}, "ONE_STEP_STRONGER", detail);
}

bool selftest_long_steps(const run *r, char detail[SELFTEST_DETAIL]) {
    return raises(r, "rough", (attack_options){.steps = 40, .step_size = 2}, "SILENT_SUCCESS", detail);
}
