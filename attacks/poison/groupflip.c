/* Label bias: labels are wrong inside one subgroup only. */
#include <string.h>

#include "attacks/poison/poison_internal.h"

static status groupflip_check(const dataset *d, const poison *p, err *e) {
    if (!p->group_column || !p->group_value)
        return err_set(e, STATUS_USAGE, "groupflip: no subgroup given, expected a column and a value");
    if (p->source >= 0) return err_set(e, STATUS_USAGE, "groupflip: takes no source class");
    const column *group = table_find(&d->columns, p->group_column);
    if (!group) return err_set(e, STATUS_USAGE, "groupflip: the data has no column '%s'", p->group_column);
    if (group->kind != COLUMN_CATEGORY)
        return err_set(e, STATUS_USAGE, "groupflip: column '%s' holds numbers, expected categories",
                       p->group_column);
    for (int i = 0; i < group->n_levels; i++)
        if (strcmp(group->levels[i], p->group_value) == 0)
            return poison_check_class(d, p, "target", p->target, true, e);
    return err_set(e, STATUS_USAGE, "groupflip: column '%s' has no value '%s'", p->group_column,
                   p->group_value);
}

static bool groupflip_candidate(const dataset *d, const poison *p, int row) {
    const column *group = table_find(&d->columns, p->group_column);
    int32_t code = group->codes[row];
    return code != CATEGORY_MISSING && strcmp(group->levels[code], p->group_value) == 0 &&
           d->labels[row] != p->target;
}

static int32_t groupflip_label(const dataset *d, const poison *p, uint64_t seed, int row) {
    return p->target >= 0 ? p->target : poison_other_class(d, seed, row);
}

const poison_method poison_groupflip = {
    .check = groupflip_check, .candidate = groupflip_candidate, .new_label = groupflip_label};
