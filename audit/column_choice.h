/* Which columns of a table make groups. */
#ifndef AUDIT_COLUMN_CHOICE_H
#define AUDIT_COLUMN_CHOICE_H

#include "core/table.h"

enum { COLUMNS_MOST = 64 };

/* The columns to judge, made categorical in the table. Starts as {0}. */
typedef struct column_choice {
    int n;
    const char *names[COLUMNS_MOST];
    char *list; /* owns the names that were given */
} column_choice;

/* Those of a list separated by commas. STATUS_USAGE, naming --columns, when there is no such column. */
MUST_CHECK status column_choice_named(table *t, const char *text, column_choice *out, err *e);

/* Every one with 2 to 20 values, and numbers cut into quarters; not the cluster (or NULL), row numbers, and what speaks of the answer. */
MUST_CHECK status column_choice_default(table *t, const char *cluster, column_choice *out, err *e);

void column_choice_free(column_choice *c);

#endif
