/* A table: named columns over rows that keep their original row id. It exists without images, so that fairness, slices and
 * gates also work on a CSV of predictions alone. */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"

typedef enum column_kind { COLUMN_CATEGORY, COLUMN_NUMBER } column_kind;

enum { CATEGORY_MISSING = -1 };

typedef struct column {
    const char *name;
    column_kind kind;
    int32_t *codes;        /* COLUMN_CATEGORY: n codes, 0..n_levels-1, or CATEGORY_MISSING */
    const char **levels;   /* n_levels interned texts, sorted */
    int n_levels;
    double *numbers;       /* COLUMN_NUMBER: n values, NAN = missing */
} column;

typedef struct table {
    int n_rows, n_columns;
    column *columns;
    arena memory;          /* owns everything above */
} table;

/* A table starts as {0}; set n_rows before the first column. */
void table_free(table *t);

/* Adds a column of n_rows texts; NULL or "" is missing. `levels` are sorted (numbers by value, texts by bytes), so that the
 * codes do not depend on row order. A second column of the same name is STATUS_BAD_FILE. */
MUST_CHECK status table_add_texts(table *t, const char *name, const char *const *texts, err *e);
MUST_CHECK status table_add_numbers(table *t, const char *name, const double *numbers, err *e);

const column *table_find(const table *t, const char *name); /* NULL when absent; good until a column is added */

/* The rows `rows[0..n)` (repeats allowed; outside the table: STATUS_USAGE) as a new table; levels stay the same, even unused ones. */
MUST_CHECK status table_select(const table *t, const int32_t *rows, int n, table *out, err *e);

/* Turns a numeric column into a category: a number is shown with %g; more than `most` different ones are cut at quantiles into at
 * most `most` bins named "lo..hi" after the smallest and largest value in them (with more digits where neighbours would look
 * alike). Equal values share a bin, none is empty, missing stays missing, a category is left as it is. No such column, or
 * most < 1: STATUS_USAGE. Used where a group column must be categorical. */
MUST_CHECK status table_categorise(table *t, const char *name, int most, err *e);

#endif
