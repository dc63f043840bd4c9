/* The checks, and models that are written down as formulas. */
#ifndef AUDIT_SELFTEST_INTERNAL_H
#define AUDIT_SELFTEST_INTERNAL_H

#include "audit/selftest/selftest.h"
#include "datasets/dataset.h"
#include "nets/model.h"

#define X(name, what) bool selftest_##name(const run *r, char detail[SELFTEST_DETAIL]);
#include "audit/selftest/checks.def"
#undef X

enum {
    FORMULA_SIDE = 6,
    FORMULA_CLASSES = 4,
    FORMULA_FLOATS = FORMULA_SIDE * FORMULA_SIDE,
    FORMULA_MOST_WORKERS = 64
};

/* logits = answer(W x), W drawn from a fixed stream; `gradient` is what the model claims. */
typedef struct formula formula;
struct formula {
    float weights[FORMULA_CLASSES][FORMULA_FLOATS];
    /* Changes the linear logits of an image in place; NULL leaves them. */
    void (*answer)(const float *x, float *logits);
    /* Changes the true gradient of the linear logits in place; NULL leaves it. */
    void (*gradient)(float *dx);
};

/* Fills the weights, and *out with a model of the formula, which must outlive it. Nothing needs to be freed. */
void formula_model(formula *f, model *out);

/* `n` images well inside [0, 1] whose labels are the largest linear logit. */
MUST_CHECK status formula_data(const formula *f, int n, dataset *out, err *e);

#endif
