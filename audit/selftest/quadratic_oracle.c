/* Of a quadratic model the boundaries are spheres: its smallest L2 perturbations are known. */
#include <stdio.h>

#include "attacks/runner.h"
#include "audit/selftest/analytic.h"
#include "audit/selftest/selftest_internal.h"

enum { IMAGES = 12 };
static const double slack =
    0.02; /* PGD must break at 1.02 times the exact norm, and nothing can at 0.98 times */

static bool is_exact(analytic *a, const dataset *d, int row, const run *r, err *e) {
    int32_t nearest, rows[] = {row};
    double least = analytic_distance(a, d->values + (size_t)row * ANALYTIC_FLOATS, d->labels[row], &nearest);
    const double eps[] = {least * (1 - slack), least * (1 + slack)};
    attack_plan plan = {.method = attack_find("pgd"),
                        .options = {.steps = 200, .step_size = 0.05},
                        .norm = NORM_L2,
                        .eps = eps,
                        .n_eps = 2,
                        .targets = &nearest};
    attack_result result = {0};
    dataset one = {0};
    status s = dataset_select(d, rows, 1, &one, e);
    if (s == STATUS_OK) s = attack_run(&a->m, &one, &plan, r, &result, e);
    bool found = s == STATUS_OK && result.clean_correct[0] && result.broken_at[0] == 1;
    attack_result_free(&result);
    dataset_free(&one);
    return found;
}

bool selftest_quadratic_l2(const run *r, char detail[SELFTEST_DETAIL]) {
    analytic a;
    dataset d = {0};
    err e = {{0}};
    int right = 0;
    analytic_make(ANALYTIC_QUADRATIC, &a);
    a.sharpness = 30; /* else a path to the target also flees from other classes */
    status s = analytic_data(&a, IMAGES, &d, &e);
    for (int row = 0; s == STATUS_OK && row < IMAGES; row++)
        right += is_exact(&a, &d, row, r, &e);
    snprintf(detail, SELFTEST_DETAIL, "%d of %d images within %g %%", right, IMAGES, 100 * slack);
    if (e.message[0]) snprintf(detail, SELFTEST_DETAIL, "%.150s", e.message);
    dataset_free(&d);
    return right == IMAGES;
}
