/* The groups of images that group DRO looks at. */
#include "nets/batches_internal.h"

enum { BINS = 4 };

/* A column of numbers as groups, cut like those that fairness judges: each of up to 4 different numbers is a group, more are quarters. */
static status cut_numbers(batches *b, const column *numbers, err *e) {
    b->cut.n_rows = b->data->n;
    status s = table_add_numbers(&b->cut, numbers->name, numbers->numbers, e);
    if (s == STATUS_OK) s = table_categorise(&b->cut, numbers->name, BINS, e);
    if (s == STATUS_OK) b->groups = table_find(&b->cut, numbers->name);
    return s;
}

static bool any_missing(const column *c, int n) {
    for (int i = 0; i < n; i++)
        if (c->codes[i] == CATEGORY_MISSING) return true;
    return false;
}

status batches_find_groups(batches *b, err *e) {
    const char *name = b->options->group_column;
    if (!name) return STATUS_OK;
    b->groups = table_find(&b->data->columns, name);
    if (!b->groups) return err_set(e, STATUS_USAGE, "no group column '%s' in %s", name, b->data->name);
    status s = b->groups->kind == COLUMN_NUMBER ? cut_numbers(b, b->groups, e) : STATUS_OK;
    if (s != STATUS_OK) return s;
    b->n_groups = b->groups->n_levels + any_missing(b->groups, b->data->n);
    if (b->n_groups <= TRAIN_MOST_GROUPS) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "the column '%s' has %d groups, expected at most %d", name, b->n_groups,
                   (int)TRAIN_MOST_GROUPS);
}
