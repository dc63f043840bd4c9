#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/csv.h"
#include "datasets/listing_internal.h"
#include "datasets/named_internal.h"
#include "datasets/open_internal.h"

/* QMNIST (Yadav and Bottou, "Cold case: the lost MNIST digits", NeurIPS 2019) lists for every MNIST row who
 * wrote it. The files are tab separated, without a header. */
enum { COLUMN_CLASS, COLUMN_SERIES, COLUMN_WRITER, COLUMNS = 8 };

static const char header[] = "class\tseries\twriter\tindex\tnist\tglobal\tunused\tunused2\n";

/* The two series of NIST's Special Database 19 that MNIST was drawn from, by who wrote them. */
static const char *series_text(const char *series) {
    if (strcmp(series, "0") == 0) return "employees";
    if (strcmp(series, "4") == 0) return "students";
    return series;
}

static status check_rows(const dataset *d, const csv *c, err *e) {
    if (c->n_columns != COLUMNS)
        return err_set(e, STATUS_BAD_FILE, "%d columns, expected %d", c->n_columns, (int)COLUMNS);
    if (c->n_rows < d->n)
        return err_set(e, STATUS_BAD_FILE, "%d rows, expected at least %d", c->n_rows, d->n);
    for (int i = 0; i < d->n; i++) {
        int64_t label;
        const char *text = csv_cell(c, i, COLUMN_CLASS);
        if (!text_integer(text, &label) || label != d->labels[i])
            return err_set(e, STATUS_BAD_FILE, "row %d: class %s, expected %d as in the images' labels", i,
                           text, d->labels[i]);
    }
    return STATUS_OK;
}

static status add_columns(dataset *d, const csv *c, err *e) {
    status s = check_rows(d, c, e);
    if (s != STATUS_OK) return s;
    arena scratch = {0};
    const char **texts = arena_array(&scratch, (size_t)d->n, sizeof *texts);
    if (!texts) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n; i++)
        texts[i] = series_text(csv_cell(c, i, COLUMN_SERIES));
    s = table_add_texts(&d->columns, "series", texts, e);
    for (int i = 0; i < d->n; i++)
        texts[i] = csv_cell(c, i, COLUMN_WRITER);
    if (s == STATUS_OK) s = table_add_texts(&d->columns, "writer", texts, e);
    arena_free(&scratch);
    return s;
}

static status parse_rows(dataset *d, const bytes *file, err *e) {
    enum { HEADER = sizeof header - 1 };
    char *text = malloc(HEADER + file->size);
    if (!text) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(text, header, HEADER);
    memcpy(text + HEADER, file->data, file->size);
    csv c;
    status s = csv_parse(text, HEADER + file->size, '\t', &c, e);
    free(text);
    if (s != STATUS_OK) return s;
    s = add_columns(d, &c, e);
    csv_free(&c);
    return s;
}

static status read_file(dataset *d, const char *path, err *e) {
    enum { LARGEST = 1 << 26 };
    bytes file;
    status s = file_read_gz(path, LARGEST, &file, e);
    if (s != STATUS_OK) return s;
    s = parse_rows(d, &file, e);
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

status qmnist_add_columns(dataset *d, const char *folder, const char *split, err *e) {
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        const char *path = arena_printf(&d->memory, "%s/qmnist-%s-labels.tsv%s", folder, split, endings[i]);
        if (!path) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        if (is_file(path)) return read_file(d, path, e);
    }
    return STATUS_OK;
}
