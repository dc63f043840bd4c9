/* Models whose smallest adversarial perturbations are known in closed form: healthy ones, on which no warning may be raised, and which others
 * are made of by breaking them. */
#ifndef AUDIT_SELFTEST_ANALYTIC_H
#define AUDIT_SELFTEST_ANALYTIC_H

#include "datasets/dataset.h"
#include "nets/model.h"

enum {
    ANALYTIC_SIDE = 8,
    ANALYTIC_FLOATS = ANALYTIC_SIDE * ANALYTIC_SIDE,
    ANALYTIC_CLASSES = 4,
    ANALYTIC_WORKERS = 4,
    ANALYTIC_TILE = 16
};

typedef enum analytic_kind {
    ANALYTIC_LINEAR,   /* z_k = <w_k, x - 1/2> */
    ANALYTIC_QUADRATIC /* z_k = -a_k ||x - w_k||^2: boundaries are spheres */
} analytic_kind;

typedef struct analytic {
    model m; /* first: an analytic model is used as &a.m */
    analytic_kind kind;
    float sharpness; /* factor on all logits, which moves no boundary: 1, and larger to make softmax nearly a maximum */
    float w[ANALYTIC_CLASSES][ANALYTIC_FLOATS], a[ANALYTIC_CLASSES];
    float kept[ANALYTIC_WORKERS][ANALYTIC_TILE][ANALYTIC_FLOATS]; /* images of the last forward with keep */
} analytic;

/* Fills *out, from fixed streams. Nothing needs to be freed; a copy is no model, since m.self points to *out. */
void analytic_make(analytic_kind kind, analytic *out);

/* n images with values in [.3, .7], whose labels are what the model says. */
MUST_CHECK status analytic_data(const analytic *a, int n, dataset *out, err *e);

/* The smallest L2 perturbation of x (ANALYTIC_FLOATS) that takes the answer from `label`, and the class that it changes to, as long as the
 * box [0, 1] is not reached. Linear: the nearest plane; quadratic: the nearest sphere (of Apollonius). */
double analytic_distance(const analytic *a, const float *x, int label, int32_t *nearest);

#endif
