/* Shared by the files of the table. */
#ifndef CORE_TABLE_INTERNAL_H
#define CORE_TABLE_INTERNAL_H

#include "core/table.h"

/* STATUS_NO_MEMORY, naming the column. */
status table_no_memory(const char *name, err *e);

#endif
