/* Predictions of any model, from a CSV: what fairness needs when there is no model at hand. */
#ifndef AUDIT_PREDICTION_FILE_H
#define AUDIT_PREDICTION_FILE_H

#include "core/table.h"

typedef struct prediction_file {
    int n, classes;
    int32_t *labels;      /* n */
    int32_t *predictions; /* n; -1 where the cell is empty: no answer */
    const char *
        *class_names; /* every name that occurs as label or prediction; numbers by value, else by bytes */
    table groups;     /* the other columns: numbers where all cells are, else categories */
    arena memory;     /* owns everything but what `groups` owns */
} prediction_file;

/* Reads a CSV with the columns `label` and `prediction` and any others. An empty label is STATUS_BAD_FILE with its line. */
MUST_CHECK status prediction_file_read(const char *path, prediction_file *out, err *e);
void prediction_file_free(prediction_file *p);

#endif
