/* One thing learned from many images - a patch, a perturbation for all - by stochastic gradient steps over batches. */
#ifndef ATTACKS_SCENE_LEARN_INTERNAL_H
#define ATTACKS_SCENE_LEARN_INTERNAL_H

#include "attacks/learned.h"
#include "datasets/dataset.h"
#include "nets/model.h"

/* What is learned: `size` floats, and how they change an image. `step`: names the random place and the like, with the row. */
typedef struct lesson {
    size_t size;
    const void *self;
    void (*apply)(const void *self, const float *learned, int row, int step, float *x); /* x: the clean image, to be changed */
    /* pull (size doubles) += what the gradient dx, with respect to the changed image, says about what is learned. */
    void (*pull)(const void *self, int row, int step, const float *dx, double *pull);
    /* learned <- learned + a step of `length` along `direction`, back to where it may be. */
    void (*move)(const void *self, double length, const double *direction, float *learned);
} lesson;

/* Starts from `learned` and takes plan->steps steps: momentum .9 over the mean gradient of a batch, each divided by its L1 norm (Dong et al. 2018); lengths fall
 * linearly, their mean is plan->step_size. STATUS_CANCELLED leaves it half learned. */
MUST_CHECK status learn(model *m, const dataset *d, const lesson *k, const learn_plan *p, const run *r, const char *stage,
                        float *learned, learn_cost *cost, err *e);

/* STATUS_USAGE unless data, model and plan fit. */
MUST_CHECK status learn_check(const model *m, const dataset *d, const learn_plan *p, err *e);

#endif
