/* Models that are deliberately broken: the audit must see it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audit/evasion.h"
#include "audit/predictions.h"
#include "audit/selftest/selftest_internal.h"

enum { IMAGES = 60 };

static void answer_constant(const float *x, float *logits) {
    (void)x;
    for (int k = 0; k < FORMULA_CLASSES; k++)
        logits[k] = 1;
}

/* The two largest logits become equal. */
static void answer_tied(const float *x, float *logits) {
    (void)x;
    int first = 0, second = -1;
    for (int k = 1; k < FORMULA_CLASSES; k++)
        if (logits[k] > logits[first]) first = k;
    for (int k = 0; k < FORMULA_CLASSES; k++)
        if (k != first && (second < 0 || logits[k] > logits[second])) second = k;
    logits[second] = logits[first];
}

static void answer_nan(const float *x, float *logits) {
    (void)x;
    logits[0] = NAN;
}

static void gradient_zero(float *dx) {
    memset(dx, 0, FORMULA_FLOATS * sizeof *dx);
}

/* Points away from where the attacker wants to go. */
static void gradient_reversed(float *dx) {
    for (int i = 0; i < FORMULA_FLOATS; i++)
        dx[i] = -dx[i];
}

static bool has_warning(result *x, const char *code) {
    const json *list = json_get(json_get(result_json(x), "body"), "warnings");
    for (size_t i = 0; i < json_count(list); i++)
        if (strcmp(json_as_string(json_get(json_at(list, i), "code")), code) == 0) return true;
    return false;
}

/* Predicts, and says whether nothing counted as right and all codes were raised. */
static bool never_right(const run *r, formula *f, const char *const *codes, char detail[SELFTEST_DETAIL]) {
    model m;
    dataset d = {0};
    predictions p = {0};
    err e = {{0}};
    formula_model(f, &m);
    result *x = result_new("selftest", r);
    status s = formula_data(f, IMAGES, &d, &e);
    if (s == STATUS_OK) s = predictions_make(&m, &d, r, &p, &e);
    if (s == STATUS_OK) predictions_record(x, &d, &p);
    bool well = s == STATUS_OK && p.counts.correct == 0;
    if (s == STATUS_OK)
        snprintf(detail, SELFTEST_DETAIL, "%lld of %d right", (long long)p.counts.correct, IMAGES);
    else
        snprintf(detail, SELFTEST_DETAIL, "%.150s", e.message);
    for (; *codes; codes++) {
        if (has_warning(x, *codes)) continue;
        well = false;
        snprintf(detail, SELFTEST_DETAIL, "%s was not raised", *codes);
    }
    predictions_free(&p);
    dataset_free(&d);
    result_free(x);
    return well;
}

bool selftest_constant_model(const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {.answer = answer_constant};
    return never_right(r, &f, (const char *const[]){"CONSTANT", "TIED", NULL}, detail);
}

bool selftest_tied_model(const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {.answer = answer_tied};
    return never_right(r, &f, (const char *const[]){"TIED", NULL}, detail);
}

bool selftest_nan_model(const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {.answer = answer_nan};
    return never_right(r, &f, (const char *const[]){"NOT_FINITE", NULL}, detail);
}

/* Attacks with noise and PGD at a size where noise alone breaks some images, and says whether `code` was raised. */
static bool attack_warns(const run *r, formula *f, const char *code, char detail[SELFTEST_DETAIL]) {
    static const double eps[] = {0.4};
    evasion_plan p = {.methods = {attack_find("noise"), attack_find("pgd")},
                      .n_methods = 2,
                      .norm = NORM_LINF,
                      .eps = eps,
                      .n_eps = 1};
    evasion v = {0};
    model m;
    dataset d = {0};
    err e = {{0}};
    formula_model(f, &m);
    result *x = result_new("selftest", r);
    status s = formula_data(f, IMAGES, &d, &e);
    if (s == STATUS_OK) s = evasion_run(&m, &d, &p, r, &v, &e);
    if (s == STATUS_OK) evasion_record(x, &d, &p, &v);
    bool raised = s == STATUS_OK && has_warning(x, code);
    if (s == STATUS_OK)
        snprintf(detail, SELFTEST_DETAIL, "%s was %sraised", code, raised ? "" : "not ");
    else
        snprintf(detail, SELFTEST_DETAIL, "%.150s", e.message);
    evasion_free(&v);
    dataset_free(&d);
    result_free(x);
    return raised;
}

bool selftest_zero_gradient_model(const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {.gradient = gradient_zero};
    return attack_warns(r, &f, "ZERO_GRAD", detail);
}

bool selftest_masked_model(const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {.gradient = gradient_reversed};
    return attack_warns(r, &f, "BLACKBOX_STRONGER", detail);
}
