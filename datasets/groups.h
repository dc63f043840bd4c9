/* Group columns for a data set. */
#ifndef DATASETS_GROUPS_H
#define DATASETS_GROUPS_H

#include "datasets/dataset.h"

/* Adds every column of a CSV (or .tsv, .gz) to d->columns. Rows are matched by a column `row` or `id` (original row ids, each at most
 * once), by a column `file` or `path` against d's own column `file` where it has one, else by order (the count must be equal). Columns with
 * only numbers become numeric ("NA" and "nan" are missing there). File names match as written, or by their last part where no whole
 * one does. Images that no row describes have missing values; a CSV that describes none is STATUS_BAD_FILE. */
MUST_CHECK status groups_add_csv(dataset *d, const char *path, err *e);

/* Adds a column of t->n_rows texts, as numbers when every text that is not missing ("", "NA", "nan") is a finite one, else as
 * categories. `numbers` is room for n_rows values. */
MUST_CHECK status column_add(table *t, const char *name, const char *const *texts, double *numbers, err *e);

/* Adds image properties as group columns: `brightness` (mean value) and `coverage` (share of pixels above half of the image's
 * range), each cut at the thirds of this data set into low / middle / high, and `contrast` (standard deviation) likewise. */
MUST_CHECK status groups_add_properties(dataset *d, err *e);

#endif
