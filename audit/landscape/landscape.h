/* The loss around trained weights, as curves and surfaces over directions in the space of weights (Li et al. 2018). */
#ifndef AUDIT_LANDSCAPE_LANDSCAPE_H
#define AUDIT_LANDSCAPE_LANDSCAPE_H

#include "core/json.h"
#include "datasets/dataset.h"
#include "nets/model.h"

/* A net whose weights are moved, and the images that judge it. Batch norms keep their running statistics. */
typedef struct landscape {
    const net *net;
    const weights *centre;
    weights moved;
    model *model;
    const dataset *data;
    float *logits;
    run run;        /* without progress: callers count points */
    double *losses; /* of each image, at the last point */
} landscape;

MUST_CHECK status landscape_open(const net *n, const weights *centre, const dataset *d, const run *r,
                                 landscape *out, err *e);
void landscape_close(landscape *l);

/* Mean cross entropy and share correct at centre + a * first + b * second (n_trainable floats; second may be NULL). */
MUST_CHECK status landscape_at(landscape *l, double a, const float *first, double b, const float *second,
                               double *loss, double *accuracy, err *e);

/* Direction `index` of this seed: normal noise, each filter (all weights that lead to one output) as long as the net's own; zero
 * for biases and norms. out: n_trainable. Nets of one architecture get the same noise. */
void random_direction(const net *n, const weights *w, uint64_t seed, int index, float *out);

/* The plane through the last of n >= 3 weights along which they lie most widely spread: two orthogonal unit directions (n_trainable each),
 * where each of the weights lies on it, and the share of the squared distances from the last that each direction holds. */
MUST_CHECK status path_plane(const net *n, const weights *const *points, int count, float *first,
                             float *second, double *x, double *y, double explained[2], err *e);

/* n numbers as a JSON array. */
json *numbers_json(const double *values, int n);

#endif
