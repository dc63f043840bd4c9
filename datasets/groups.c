#include "datasets/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/open_internal.h"

static bool is_missing_number(const char *text) {
    return !text || !text[0] || strcmp(text, "NA") == 0 || strcmp(text, "nan") == 0 ||
           strcmp(text, "NaN") == 0;
}

/* Fills `numbers` and says whether every text is one. "NA" is a missing number, but a value (Namibia) among
 * texts. */
static bool as_numbers(const char *const *texts, int n, double *numbers) {
    bool any = false;
    for (int i = 0; i < n; i++) {
        numbers[i] = NAN;
        if (is_missing_number(texts[i])) continue;
        if (!text_number(texts[i], &numbers[i])) return false;
        any = true;
    }
    return any;
}

status column_add(table *t, const char *name, const char *const *texts, double *numbers, err *e) {
    if (as_numbers(texts, t->n_rows, numbers)) return table_add_numbers(t, name, numbers, e);
    return table_add_texts(t, name, texts, e);
}

static status add_column(dataset *d, const csv *c, int field, const int32_t *matched, const char **texts,
                         double *numbers, err *e) {
    for (int i = 0; i < d->n; i++)
        texts[i] = matched[i] < 0 ? NULL : csv_cell(c, matched[i], field);
    return column_add(&d->columns, c->header[field], texts, numbers, e);
}

static status add_columns(dataset *d, const csv *c, const int32_t *matched, err *e) {
    const char **texts = calloc((size_t)d->n, sizeof *texts);
    double *numbers = calloc((size_t)d->n, sizeof *numbers);
    status s = texts && numbers ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    int first = d->columns.n_columns;
    for (int k = 0; k < c->n_columns && s == STATUS_OK; k++) {
        /* A column without a name is the row number that data frames write. */
        if (!c->header[k][0] || rows_matched_by(d, c, c->header[k])) continue;
        s = add_column(d, c, k, matched, texts, numbers, e);
    }
    if (s == STATUS_OK && d->columns.n_columns == first)
        s = err_set(e, STATUS_BAD_FILE, "no column besides those that match rows");
    free(texts);
    free(numbers);
    return s;
}

status groups_add_csv(dataset *d, const char *path, err *e) {
    csv c;
    int32_t *matched = NULL;
    status s = csv_read_file(path, &c, e);
    if (s != STATUS_OK) return s;
    s = rows_match(d, &c, &matched, e);
    if (s == STATUS_OK) s = add_columns(d, &c, matched, e);
    free(matched);
    csv_free(&c);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}
