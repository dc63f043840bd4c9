#include "audit/robust_test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/evasion.h"

static void conclude(const context *c, result *x, const attack_result *a, double eps) {
    int64_t correct = attack_survivors(a, 0);
    interval i = wilson(correct, a->n, 0.95);
    row_key key = {.metric = "accuracy", .attack = "pgd", .norm = norm_name(NORM_LINF), .eps = eps};
    result_share(x, key, correct, a->n);
    evasion_warn(x, attack_find("pgd"), a);
    say(c,
        "under PGD-40 of eps %.4g %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64
        " of %d test images: an upper bound of robust accuracy\n",
        eps, 100.0 * (double)correct / a->n, 100 * i.lo, 100 * i.hi, correct, a->n);
}

static status attack_sampled(const context *c, result *x, model *m, const dataset *d, double eps, err *e) {
    attack_result a;
    attack_plan plan = {.method = attack_find("pgd"), .norm = NORM_LINF, .eps = &eps, .n_eps = 1};
    status s = attack_run(m, d, &plan, &c->run, &a, e);
    if (s == STATUS_OK) conclude(c, x, &a, eps);
    if (s == STATUS_OK || s == STATUS_CANCELLED) attack_result_free(&a);
    return s;
}

status robust_test(const context *c, result *x, model *m, const dataset *test, double eps, err *e) {
    int32_t *rows = NULL;
    int n;
    dataset sample = {0};
    status s = dataset_sample_rows(test, c->run.seed, ROBUST_TEST_IMAGES, &rows, &n, e);
    if (s == STATUS_OK) s = dataset_select(test, rows, n, &sample, e);
    if (s == STATUS_OK) s = attack_sampled(c, x, m, &sample, eps, e);
    dataset_free(&sample);
    free(rows);
    return s;
}
