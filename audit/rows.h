/* Finding rows in the body of a result: everything that is shown is read from there. */
#ifndef AUDIT_ROWS_H
#define AUDIT_ROWS_H

#include "core/json.h"
#include "core/stats.h"

/* What is looked for. NULL metric, attack, group, method and NAN eps match any. */
typedef struct row_query {
    const char *metric, *attack, *group, *method;
    double eps;
} row_query;

/* The first row at or behind index *at that fits, with *at set behind it; NULL when none is left. Start with 0. */
const json *row_next(const json *body, const row_query *q, size_t *at);

/* The first row that fits, NULL when there is none. */
const json *row_find(const json *body, const row_query *q);

/* Its parts; value, lo and hi are NAN where null, texts "" where absent. All accept NULL. */
double row_value(const json *row);
interval row_interval(const json *row);
int64_t row_n(const json *row);
double row_eps(const json *row);
const char *row_text(const json *row, const char *key);

#endif
