#include "audit/partition.h"

#include <stdio.h>

static void list_columns(const table *t, char *out, size_t cap) {
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < t->n_columns && used + 1 < cap; i++)
        used += (size_t)snprintf(out + used, cap - used, "%s%s", i ? ", " : "", t->columns[i].name);
}

static status category_column(const table *t, const char *name, const column **out, err *e) {
    *out = table_find(t, name);
    if (!*out) {
        char names[256];
        list_columns(t, names, sizeof names);
        return err_set(e, STATUS_USAGE, "no group column '%s'; there is: %s", name,
                       names[0] ? names : "none");
    }
    if ((*out)->kind != COLUMN_CATEGORY)
        return err_set(e, STATUS_USAGE, "column '%s' holds numbers; groups need categories", name);
    return STATUS_OK;
}

static bool has_missing(const column *c, int n) {
    for (int i = 0; i < n; i++)
        if (c->codes[i] == CATEGORY_MISSING) return true;
    return false;
}

/* Levels counted with (missing), which comes last. */
static int level_count(const column *c, int n) {
    return c->n_levels + has_missing(c, n);
}

static int level_of(const column *c, int row) {
    return c->codes[row] == CATEGORY_MISSING ? c->n_levels : c->codes[row];
}

static const char *level_name(const column *c, int level) {
    return level < c->n_levels ? c->levels[level] : "(missing)";
}

static status fill(const table *t, const column *a, const column *b, partition *out, err *e) {
    int na = level_count(a, t->n_rows), nb = b ? level_count(b, t->n_rows) : 1;
    if (nb > 0 && na > 100000 / nb)
        return err_set(e, STATUS_USAGE, "column '%s' makes %d groups; at most 100000 can be judged", a->name,
                       na);
    out->n_rows = t->n_rows;
    out->n_groups = na * nb;
    out->codes = arena_array(&out->memory, (size_t)t->n_rows, sizeof *out->codes);
    out->names = arena_array(&out->memory, (size_t)out->n_groups, sizeof *out->names);
    if (!out->codes || !out->names)
        return err_set(e, STATUS_NO_MEMORY, "out of memory for the groups of column '%s'", a->name);
    for (int row = 0; row < t->n_rows; row++)
        out->codes[row] = level_of(a, row) * nb + (b ? level_of(b, row) : 0);
    for (int group = 0; group < out->n_groups; group++) {
        const char *value = level_name(a, group / nb);
        out->names[group] =
            b ? arena_printf(&out->memory, "%s=%s&%s=%s", a->name, value, b->name, level_name(b, group % nb))
              : arena_printf(&out->memory, "%s=%s", a->name, value);
        if (!out->names[group])
            return err_set(e, STATUS_NO_MEMORY, "out of memory for the groups of column '%s'", a->name);
    }
    return STATUS_OK;
}

status partition_new(const table *t, const char *first, const char *second, partition *out, err *e) {
    *out = (partition){0};
    const column *a = NULL, *b = NULL;
    status s = category_column(t, first, &a, e);
    if (s == STATUS_OK && second) s = category_column(t, second, &b, e);
    if (s == STATUS_OK) s = fill(t, a, b, out, e);
    if (s != STATUS_OK) partition_free(out);
    return s;
}

void partition_free(partition *p) {
    arena_free(&p->memory);
    *p = (partition){0};
}
