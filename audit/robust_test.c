#include "audit/robust_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/evasion.h"

static void warn_of_gap(result *x, double trained, double attacked) {
    char text[200];
    if (!(trained - attacked > ROBUST_TEST_GAP)) return;
    snprintf(text, sizeof text,
             "catastrophic overfitting: %.1f %% against the attack of training, %.1f %% under PGD-40: the "
             "net withstands "
             "little else than the attack it was trained on",
             100 * trained, 100 * attacked);
    result_warning(x, "ROBUST_OVERFITTING", text, NULL, 0, "audit train --robust pgd");
}

static void conclude(const context *c, result *x, const attack_result *a, double eps, double trained) {
    int64_t correct = attack_survivors(a, 0);
    interval i = wilson(correct, a->n, 0.95);
    row_key key = {.metric = "accuracy", .attack = "pgd", .norm = norm_name(NORM_LINF), .eps = eps};
    result_share(x, key, correct, a->n);
    evasion_warn(x, attack_find("pgd"), a);
    warn_of_gap(x, trained, (double)correct / a->n);
    say(c,
        "under PGD-40 of eps %.4g %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64
        " of %d test images: an upper bound of robust accuracy\n",
        eps, 100.0 * (double)correct / a->n, 100 * i.lo, 100 * i.hi, correct, a->n);
}

static status attack_sampled(const context *c, result *x, model *m, const dataset *d, double eps,
                             double trained, err *e) {
    attack_result a;
    attack_plan plan = {.method = attack_find("pgd"), .norm = NORM_LINF, .eps = &eps, .n_eps = 1};
    status s = attack_run(m, d, &plan, &c->run, &a, e);
    if (s == STATUS_OK) conclude(c, x, &a, eps, trained);
    if (s == STATUS_OK || s == STATUS_CANCELLED) attack_result_free(&a);
    return s;
}

static status certify_sampled(const context *c, result *x, const certify_subject *s, const dataset *d,
                              double eps, const char *proven_by, err *e) {
    certify_result found;
    certify_plan plan = certify_plan_default();
    plan.method = certificate_find(proven_by);
    plan.eps = &eps;
    plan.n_eps = 1;
    status st = certify_run(s, d, &plan, &c->run, &found, e);
    if (st != STATUS_OK && st != STATUS_CANCELLED) return st;
    if (st == STATUS_OK) {
        int64_t certified = certify_count(&found, 0);
        interval i = wilson(certified, d->n, 0.95);
        row_key key = {
            .metric = "certified_accuracy", .attack = proven_by, .norm = norm_name(NORM_LINF), .eps = eps};
        result_share(x, key, certified, d->n);
        say(c,
            "certified by %s at eps %.4g %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64
            " of %d test images: a lower bound of robust accuracy\n",
            proven_by, eps, 100.0 * (double)certified / d->n, 100 * i.lo, 100 * i.hi, certified, d->n);
    }
    certify_result_free(&found);
    return st;
}

status robust_test(const context *c, result *x, const certify_subject *subject, const dataset *test,
                   double eps, double trained, const char *proven_by, err *e) {
    int32_t *rows = NULL;
    int n;
    dataset sample = {0};
    status s = dataset_sample_rows(test, c->run.seed, ROBUST_TEST_IMAGES, &rows, &n, e);
    if (s == STATUS_OK) s = dataset_select(test, rows, n, &sample, e);
    if (s == STATUS_OK) s = attack_sampled(c, x, subject->m, &sample, eps, trained, e);
    if (s == STATUS_OK && proven_by) s = certify_sampled(c, x, subject, &sample, eps, proven_by, e);
    dataset_free(&sample);
    free(rows);
    return s;
}
