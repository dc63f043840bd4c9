/* CSV as in RFC 4180 (quotes, doubled quotes, CRLF or LF, line breaks inside quotes); also tab separated. A
 * UTF-8 byte order mark is skipped, and so are blank lines where there is more than one column. Text that is
 * not UTF-8, NUL bytes, rows of another width, a missing closing quote, text behind one, and quotes or lone
 * carriage returns in a field without quotes are errors with their line. */
#ifndef CORE_CSV_H
#define CORE_CSV_H

#include <stdio.h>

#include "core/arena.h"
#include "core/status.h"

typedef struct csv {
    int n_rows, n_columns; /* rows without the header */
    const char **header;   /* n_columns */
    const char **cells;    /* n_rows x n_columns, row-major */
    int *lines;            /* line in the file where each row begins, for messages */
    arena memory;
} csv;

/* `separator` 0 = tab if the header line holds one and no comma, else comma. Duplicate header names are
 * errors. At most 65,536 columns and 2^28 fields. */
MUST_CHECK status csv_parse(const char *text, size_t size, char separator, csv *out, err *e);
MUST_CHECK status csv_read_file(const char *path, csv *out, err *e); /* gz too; at most 1 GB */
int csv_column(const csv *c, const char *name);                      /* -1 when absent */

/* The text in row `row`, 0..n_rows-1, of the `field`-th column. */
static inline const char *csv_cell(const csv *c, int row, int field) {
    return c->cells[(size_t)row * (size_t)c->n_columns + (size_t)field];
}

void csv_free(csv *c);

/* Writes one field, quoted where it must be. Errors stay in the stream. */
void csv_put(FILE *file, const char *text);

#endif
