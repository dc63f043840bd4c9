/* Any bytes: refused, or a table that csv_put writes and csv_parse reads back as it was. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_row(FILE *file, const char *const *fields, int n) {
    for (int i = 0; i < n; i++) {
        if (i > 0) putc(',', file);
        csv_put(file, fields[i]);
    }
    putc('\n', file);
}

static void check_equal(const csv *a, const csv *b) {
    if (a->n_rows != b->n_rows || a->n_columns != b->n_columns) abort();
    for (int i = 0; i < a->n_columns; i++)
        if (strcmp(a->header[i], b->header[i]) != 0 || csv_column(b, a->header[i]) != i) abort();
    for (int i = 0; i < a->n_rows * a->n_columns; i++)
        if (strcmp(a->cells[i], b->cells[i]) != 0) abort();
}

static void check_round_trip(const csv *c) {
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file) return;
    fputs("\xef\xbb\xbf", file); /* else one at the beginning of the first name would be taken for the mark */
    put_row(file, c->header, c->n_columns);
    for (int i = 0; i < c->n_rows; i++)
        put_row(file, c->cells + (size_t)i * (size_t)c->n_columns, c->n_columns);
    fclose(file);
    csv back;
    err e;
    if (csv_parse(text, size, ',', &back, &e) != STATUS_OK) abort();
    check_equal(c, &back);
    csv_free(&back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    csv c;
    err e;
    if (csv_parse((const char *)data, size, 0, &c, &e) == STATUS_OK) check_round_trip(&c);
    csv_free(&c);
    return 0;
}
