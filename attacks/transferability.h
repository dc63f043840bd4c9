/* Whether what fools one model fools another: examples made on each of several models, shown to all (Szegedy et al. 2014; Papernot et al. 2016). */
#ifndef ATTACKS_TRANSFERABILITY_H
#define ATTACKS_TRANSFERABILITY_H

#include "attacks/walk.h"

enum { TRANSFERABILITY_MODELS = 8, TRANSFERABILITY_SHOWN = 6 };

typedef struct transferability {
    int models, n;
    int sources;      /* models whose examples were shown to all; below `models` only after a cancelled run */
    int32_t *clean;   /* models x n: the class that each gives the unchanged images, below 0 where none */
    int32_t *noisy;   /* models x n: under noise of the same size, the control */
    int32_t *answers; /* models x models x n: [source][target], to the examples made on the source */
    int shown;        /* rows kept to be looked at: of different classes where possible, and right with every model */
    int rows[TRANSFERABILITY_SHOWN];
    float *examples; /* models x shown x d */
    walk_cost cost;
} transferability;

/* Makes examples on each model in turn, with the same method, and shows them to all. The control adds eps or -eps to every pixel by chance (Linf), or
 * eps in a random direction (L2), cut to [0, 1]. STATUS_USAGE where a model does not fit the data or gives no gradient; the message names it by
 * names[i]. STATUS_CANCELLED leaves the sources that were done; with none, nothing. */
MUST_CHECK status transferability_run(model *const *models, const char *const *names, int n_models, const dataset *d,
                                      const walk_plan *p, const run *r, transferability *out, err *e);
void transferability_free(transferability *t);

const int32_t *transferability_answers(const transferability *t, int source, int target);

/* Of the images that both models get right unchanged and whose example fools the source (*n of them), how many fool the target. An image
 * fools a model that does not answer its label. */
int64_t transferability_pairs(const transferability *t, const dataset *d, int source, int target, int64_t *n);

#endif
