#include "audit/column_choice.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 20, BINS = 4 };

static status add_column(table *t, const char *name, column_choice *out, err *e) {
    if (out->n == COLUMNS_MOST)
        return err_set(e, STATUS_USAGE, "more than %d group columns: choose some with --columns",
                       COLUMNS_MOST);
    status s = table_find(t, name) ? table_categorise(t, name, BINS, e)
                                   : err_set(e, STATUS_USAGE, "--columns: there is no column \"%s\"", name);
    if (s == STATUS_OK) out->names[out->n++] = name;
    return s;
}

status column_choice_named(table *t, const char *text, column_choice *out, err *e) {
    out->list = malloc(strlen(text) + 1);
    if (!out->list) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    strcpy(out->list, text);
    status s = STATUS_OK;
    char *rest = NULL;
    for (char *name = strtok_r(out->list, ",", &rest); s == STATUS_OK && name;
         name = strtok_r(NULL, ",", &rest))
        s = add_column(t, name, out, e);
    return s;
}

/* Columns of `audit predict` and of data frames that number rows, or that speak of the answer and not of the image. */
static bool is_no_group(const char *name) {
    static const char *const names[] = {"row", "id", "confidence", "entropy", "information"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* Numeric columns are cut into quarters; identifiers, with a level for every few images, are left out. */
status column_choice_default(table *t, const char *cluster, column_choice *out, err *e) {
    status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < t->n_columns; i++) {
        const column *c = &t->columns[i];
        bool few = c->kind == COLUMN_NUMBER || (c->n_levels >= 2 && c->n_levels <= LEVELS_MOST);
        bool is_cluster = cluster && strcmp(c->name, cluster) == 0;
        if (few && !is_cluster && !is_no_group(c->name)) s = add_column(t, c->name, out, e);
    }
    return s;
}

void column_choice_free(column_choice *c) {
    free(c->list);
    *c = (column_choice){0};
}
