/* Data sets that have a name. */
#ifndef DATASETS_NAMED_INTERNAL_H
#define DATASETS_NAMED_INTERNAL_H

#include "datasets/dataset.h"

/* Whether both splits of the named set are found; false for other names. */
bool named_available(const char *name);

/* Adds the columns `series` and `writer` from qmnist-SPLIT-labels.tsv[.gz] in `folder`, where that file is
 * there. Its first d->n rows must have d's labels. `split` is train or test; others have no such file. */
MUST_CHECK status qmnist_add_columns(dataset *d, const char *folder, const char *split, err *e);

#endif
