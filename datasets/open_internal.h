/* What the loaders share. */
#ifndef DATASETS_OPEN_INTERNAL_H
#define DATASETS_OPEN_INTERNAL_H

#include "core/csv.h"
#include "datasets/groups.h"
#include "datasets/open.h"

/* "train", "test" or "val" for what the user asked for (NULL is test, validation is val); STATUS_USAGE for
 * anything else. */
MUST_CHECK status open_split(const open_options *o, const char **split, err *e);

/* Sets name ("prefix:last part of the argument", which says nothing about the machine) and split. */
MUST_CHECK status open_name(dataset *d, const char *prefix, const char *argument, const char *split, err *e);

/* What every loader ends with: labels from o->labels in place of those found, then dataset_finish. */
MUST_CHECK status open_finish(const open_options *o, dataset *d, err *e);

/* The row of `c` that describes each of the d->n rows, or -1 where none does: by `row` or `id`, else by
 * `file` or `path` where `d` has a column `file`, else by order. malloc'ed. */
MUST_CHECK status rows_match(const dataset *d, const csv *c, int32_t **matched, err *e);

/* Whether column `name` only served to match rows in rows_match. */
bool rows_matched_by(const dataset *d, const csv *c, const char *name);

/* Labels and, where they are 0, classes and class names from n texts: names of d->class_names, or numbers
 * from 0, or where neither fits new class names in sorted order. d->n is n already. */
MUST_CHECK status labels_from_texts(dataset *d, const char *const *texts, err *e);

/* Labels from an IDX file or a CSV with a column `label`. */
MUST_CHECK status labels_read(dataset *d, const char *path, err *e);

/* A whole number without anything around it. */
bool text_integer(const char *text, int64_t *value);

/* A finite number without anything around it. */
bool text_number(const char *text, double *value);

#endif
