/* Data sets: immutable images, labels, class names and a table of group columns. */
#ifndef DATASETS_DATASET_H
#define DATASETS_DATASET_H

#include <stdint.h>

#include "core/sha256.h"
#include "core/table.h"
#include "core/tensor.h"

typedef struct dataset {
    const char *name;            /* "fashion-mnist", "idx:digits", ... as asked for, but only the last part of a path */
    const char *split;           /* "train", "test", or "all" where the source has one part only */
    int n, classes;
    shape image;                 /* h, w, c; c is 1 or 3 */
    const uint8_t *pixels;       /* n x h x w x c, 0..255, or NULL when values are float */
    const float *values;         /* n x h x w x c in [0, 1], or NULL when pixels are uint8 */
    const int32_t *labels;       /* n, 0..classes-1 */
    const int32_t *ids;          /* n original row ids: a row keeps its id in every subset and poisoned copy */
    const char *const *class_names; /* `classes` texts */
    table columns;               /* group and other columns, n rows; may have none */
    char sha256[SHA256_HEX];     /* of shape, pixels or values, and labels: the same images give the same hash from any format */
    arena memory;                /* owns everything above but what `columns` owns */
} dataset;

void dataset_free(dataset *d); /* also fine on {0} */

/* Image `row` as floats: pixels / 255, correctly rounded as in IEEE division. `out` has shape_size(d->image) floats. */
void dataset_image(const dataset *d, int row, float *out);

/* A copy that holds only rows[0..n) in that order, ids kept. */
MUST_CHECK status dataset_select(const dataset *d, const int32_t *rows, int n, dataset *out, err *e);

/* A copy with other labels and, where `pixels` is not NULL, other uint8 pixels (n x h x w x c): what poisons make. The source
 * must be uint8 then. The hash is computed anew. */
MUST_CHECK status dataset_relabel(const dataset *d, const int32_t *labels, const uint8_t *pixels, dataset *out, err *e);

/* Rows for `--n N`: N rows spread over the data by a seeded choice without replacement, in ascending order, the same for the
 * same (seed, data size, N); all rows when N is 0 or >= d->n. *rows is malloc'ed, *count its length. */
MUST_CHECK status dataset_sample_rows(const dataset *d, uint64_t seed, int n, int32_t **rows, int *count, err *e);

/* `n` rows of every class that has as many, all rows of the others, chosen by the seed and in ascending order: for learning from few images. The rows of a
 * smaller n are among those of a larger one. *rows is malloc'ed, *count its length. */
MUST_CHECK status dataset_sample_per_class(const dataset *d, uint64_t seed, int n, int32_t **rows, int *count, err *e);

/* The parts of building one, used by the loaders: takes the arena that owns pixels/values/labels/class_names, fills ids when NULL
 * (0..n-1), classes when 0 (the highest label and one more) and class names when NULL ("0", "1", ...), checks labels (naming the
 * row), values and sizes, computes the hash. */
MUST_CHECK status dataset_finish(dataset *d, err *e);

#endif
