/* Adversarial images of 256 levels, as a file or a camera holds them, near examples of floats. An attack ends just behind the boundary of a class, where rounding often puts an image
 * back; a ball whose eps is no multiple of 1/255 loses its last part of a level. What breaks the model there must be looked for. */
#ifndef ATTACKS_LEVELS_H
#define ATTACKS_LEVELS_H

#include "attacks/threat.h"
#include "datasets/dataset.h"
#include "nets/model.h"

/* ||x - x0|| of two images of 256 levels in whole levels, without rounding, divided by 255 (l0: the number of values that differ). An image of levels is inside the ball where this is at most
 * eps: with eps = 8/255 every value has eight levels either way, though their float32 values may lie farther apart than eps by the last bit. */
double levels_distance(norm p, const float *x0, const float *x, size_t d);

typedef struct level_plan {
    norm norm;
    double eps;
    const int32_t *targets; /* one per row of the data, or NULL for untargeted */
    const int32_t *rows;    /* n of them: whose examples to look at */
    int n;
    const float *examples;  /* one image per row of the data; those of `rows` lie in the ball */
} level_plan;

/* What was found, by row of the data; others are left alone. The arrays are the caller's. */
typedef struct level_finds {
    uint8_t *found; /* 1 where an image was */
    float *images;  /* rows x d: values k / 255.0F, inside the ball by levels_distance; written where found */
    float *logits;  /* rows x classes: of a fresh forward pass at these */
    uint64_t forwards, backwards; /* added to */
} level_finds;

/* For each row of the plan the first of these images that the model gets wrong (with targets: calls the target):
 * - the example, each value at its nearest level inside the ball. Where that leaves the ball (norms other than linf), no more values than need be go towards the unchanged image;
 * - the example moved on in its direction to the edge of the ball (linf and l0: every changed value to its edge), and rounded so;
 * - those on a walk from the better of the two: up to 20 steps along the gradient of the margin, each of whose points is rounded so (l0: among the values that the example changes).
 *   Only where the model has a gradient, and is not random: tried until the draws please, every image would break.
 * Nothing is random, and nothing depends on threads. STATUS_USAGE where d has float values, whose unchanged images are not of 256 levels themselves. After STATUS_CANCELLED the finds say
 * nothing. */
MUST_CHECK status levels_search(model *m, const dataset *d, const level_plan *p, const run *r, level_finds *out, err *e);

#endif
