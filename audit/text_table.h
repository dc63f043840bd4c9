/* Aligned tables of text for terminals. */
#ifndef AUDIT_TEXT_TABLE_H
#define AUDIT_TEXT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/status.h"

enum { TEXT_TABLE_COLUMNS = 16 };

typedef struct text_table {
    int n_columns, n_cells, room;
    bool right[TEXT_TABLE_COLUMNS];
    const char **cells; /* the headings, then row after row */
    arena memory;
    bool failed; /* memory ran out: nothing is printed */
} text_table;

/* Headings separated by '|'; one that begins with '>' makes its column right-aligned:
 * "attack|>eps|>accuracy". */
text_table text_table_new(const char *headings);

/* The next cell, row after row. */
void text_table_cell(text_table *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints with two blanks between columns and none at the ends of lines. `out` may be NULL: prints nothing. */
void text_table_print(const text_table *t, FILE *out);

void text_table_free(text_table *t);

/* Columns that a terminal gives a UTF-8 text: its code points. */
int text_width(const char *text);

#endif
