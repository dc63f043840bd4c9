/* How a model answers images that something changed: a perturbation, a patch, an example that was made on another model. */
#ifndef ATTACKS_CHANGED_H
#define ATTACKS_CHANGED_H

#include "datasets/dataset.h"
#include "nets/model.h"

/* Makes a changed image, from row and clean image alone: it is called by several threads at once, in any order. */
typedef struct image_change {
    void (*make)(const void *how, int row, float *x); /* x: the clean image of row `row`, to be changed in place */
    const void *how;
} image_change;

/* In place of a class, where a model gives none: the largest logit is tied, or a logit is NaN or infinite. Both are below 0, and wrong. */
enum { ANSWER_TIED = -1, ANSWER_NOT_FINITE = -2 };

/* The class that logits give, or one of these. */
int32_t answer_of(const float *logits, int classes);

/* No change. */
extern const image_change image_unchanged;

/* The class that m gives every changed image of d: answers[0..d->n), below 0 where it gives none. Progress is named
 * `stage`. STATUS_USAGE where d does not fit the model; after STATUS_CANCELLED the answers say nothing. */
MUST_CHECK status changed_answers(model *m, const dataset *d, const image_change *change, const run *r,
                                  const char *stage, int32_t *answers, err *e);

/* How many answers are the labels of d. */
int64_t answers_right(const dataset *d, const int32_t *answers);

/* How many of the images that are right unchanged (answers `clean`) and not of class `target` get it as an answer in `answers`; *n: of how many. */
int64_t target_hits(const dataset *d, const int32_t *clean, const int32_t *answers, int target, int64_t *n);

/* How many answers differ from those to the unchanged images, where there is one; *n: of how many. What Moosavi-Dezfooli et al. call the fooling rate
 * needs no labels. */
int64_t answers_changed(int n_images, const int32_t *clean, const int32_t *answers, int64_t *n);

/* Up to `most` of the rows that are wanted (n bytes), spread over the classes: the first of every class, then the second, and so on. Returns how
 * many. */
int rows_spread(const dataset *d, const uint8_t *wanted, int most, int *rows);

#endif
