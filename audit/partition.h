/* Rows cut into groups by one column or by two. */
#ifndef AUDIT_PARTITION_H
#define AUDIT_PARTITION_H

#include <stdint.h>

#include "core/table.h"

typedef struct partition {
    int n_rows, n_groups;
    int32_t *codes;     /* per row, 0..n_groups-1 */
    const char **names; /* "column=value", of two columns "a=x&b=y"; a missing value is "(missing)" */
    arena memory;
} partition;

/* Every row is in exactly one group. A group named (missing) exists only where a value is missing;
 * combinations of two columns that no row has are kept with no rows, to be shown as not covered. `second` may
 * be NULL. STATUS_USAGE for unknown columns (the message lists those that are there) and numeric ones. */
MUST_CHECK status partition_new(const table *t, const char *first, const char *second, partition *out,
                                err *e);
void partition_free(partition *p);

#endif
