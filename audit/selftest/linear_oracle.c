/* A linear model's smallest adversarial perturbation is known: min over classes of (z_y - z_j) / ||w_y - w_j|| in the dual norm, as long
 * as the box of pixel values is not reached. */
#include <math.h>
#include <stdio.h>

#include "attacks/runner.h"
#include "audit/selftest/selftest_internal.h"

enum { IMAGES = 12 };
static const double slack =
    0.02; /* PGD must break at 1.02 times the exact norm, and nothing can at 0.98 times */

/* Smallest norm that changes the answer, and the class that it changes to. */
static double smallest_norm(const formula *f, norm p, const float *x, int label, int32_t *nearest) {
    double least = INFINITY;
    for (int k = 0; k < FORMULA_CLASSES; k++) {
        double margin = 0, dual = 0;
        for (int i = 0; i < FORMULA_FLOATS; i++) {
            double w = (double)f->weights[label][i] - f->weights[k][i];
            margin += w * x[i];
            dual += p == NORM_LINF ? fabs(w) : w * w;
        }
        if (p == NORM_L2) dual = sqrt(dual);
        if (k == label || margin / dual >= least) continue;
        least = margin / dual;
        *nearest = k;
    }
    return least;
}

/* Whether PGD, sent to the nearest class, breaks an image at the larger size and not at the smaller one. */
static bool is_exact(const formula *f, model *m, const dataset *d, int row, norm p, const run *r, err *e) {
    int32_t nearest, rows[] = {row};
    double least = smallest_norm(f, p, d->values + (size_t)row * FORMULA_FLOATS, d->labels[row], &nearest);
    const double eps[] = {least * (1 - slack), least * (1 + slack)};
    attack_plan plan = {.method = attack_find("pgd"),
                        .options = {.steps = 200, .step_size = 0.05},
                        .norm = p,
                        .eps = eps,
                        .n_eps = 2,
                        .targets = &nearest};
    attack_result a;
    dataset one = {0};
    bool found = false;
    status s = dataset_select(d, rows, 1, &one, e);
    if (s == STATUS_OK) s = attack_run(m, &one, &plan, r, &a, e);
    if (s == STATUS_OK) {
        found = a.clean_correct[0] && a.broken_at[0] == 1;
        attack_result_free(&a);
    }
    dataset_free(&one);
    return found;
}

static bool exact(norm p, const run *r, char detail[SELFTEST_DETAIL]) {
    formula f = {0};
    model m;
    dataset d = {0};
    err e = {{0}};
    formula_model(&f, &m);
    int right = 0;
    status s = formula_data(&f, IMAGES, &d, &e);
    for (int row = 0; s == STATUS_OK && row < IMAGES; row++)
        right += is_exact(&f, &m, &d, row, p, r, &e);
    if (e.message[0])
        snprintf(detail, SELFTEST_DETAIL, "%.150s", e.message);
    else
        snprintf(detail, SELFTEST_DETAIL, "%d of %d images within %g %%", right, IMAGES, 100 * slack);
    dataset_free(&d);
    return right == IMAGES;
}

bool selftest_linear_linf(const run *r, char detail[SELFTEST_DETAIL]) {
    return exact(NORM_LINF, r, detail);
}

bool selftest_linear_l2(const run *r, char detail[SELFTEST_DETAIL]) {
    return exact(NORM_L2, r, detail);
}
