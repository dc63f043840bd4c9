#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/open_internal.h"

/* What a row of either side is called: an id, or a text with id 0. */
typedef struct row_key {
    int64_t id;
    const char *text;
    int32_t row;
} row_key;

/* How rows are matched: a column of the CSV, or -1 for order. */
typedef struct row_rule {
    int column;
    bool by_file;
} row_rule;

static int column_of(const csv *c, const char *name, const char *other) {
    int field = csv_column(c, name);
    return field >= 0 ? field : csv_column(c, other);
}

static row_rule rule_for(const dataset *d, const csv *c) {
    row_rule rule = {.column = column_of(c, "row", "id")};
    int file = column_of(c, "file", "path");
    if (rule.column < 0 && file >= 0 && table_find(&d->columns, "file"))
        rule = (row_rule){.column = file, .by_file = true};
    return rule;
}

bool rows_matched_by(const dataset *d, const csv *c, const char *name) {
    row_rule rule = rule_for(d, c);
    return rule.column >= 0 && strcmp(c->header[rule.column], name) == 0;
}

static int compare_keys(const void *a, const void *b) {
    const row_key *left = a, *right = b;
    if (left->id != right->id) return left->id < right->id ? -1 : 1;
    return strcmp(left->text, right->text);
}

static const char *file_name(const char *path, bool base_only) {
    const char *slash = strrchr(path, '/');
    if (base_only) return slash ? slash + 1 : path;
    return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

/* Whether ids are 0..n-1, so that an id outside is a mistake and not a row that this subset left out. */
static bool is_whole(const dataset *d) {
    for (int i = 0; d->ids && i < d->n; i++)
        if (d->ids[i] != i) return false;
    return true;
}

static status id_keys(const dataset *d, const csv *c, int field, row_key *keys, err *e) {
    bool whole = is_whole(d);
    for (int i = 0; i < c->n_rows; i++) {
        keys[i] = (row_key){.text = "", .row = i};
        const char *cell = csv_cell(c, i, field);
        if (!text_integer(cell, &keys[i].id) || keys[i].id < 0)
            return err_set(e, STATUS_BAD_FILE, "line %d: %s \"%s\", expected the number of a row",
                           c->lines[i], c->header[field], cell);
        if (whole && keys[i].id >= d->n)
            return err_set(e, STATUS_BAD_FILE, "line %d: %s %" PRId64 ", expected 0..%d", c->lines[i],
                           c->header[field], keys[i].id, d->n - 1);
    }
    return STATUS_OK;
}

static void file_keys(const csv *c, int field, bool base_only, row_key *keys) {
    for (int i = 0; i < c->n_rows; i++)
        keys[i] = (row_key){.text = file_name(csv_cell(c, i, field), base_only), .row = i};
}

static status sort_keys(const csv *c, int field, row_key *keys, err *e) {
    qsort(keys, (size_t)c->n_rows, sizeof *keys, compare_keys);
    for (int i = 1; i < c->n_rows; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0)
            return err_set(e, STATUS_BAD_FILE, "%s \"%s\" stands in lines %d and %d, expected each once",
                           c->header[field], csv_cell(c, keys[i].row, field), c->lines[keys[i - 1].row],
                           c->lines[keys[i].row]);
    return STATUS_OK;
}

static row_key key_of(const dataset *d, const row_rule *rule, bool base_only, int row) {
    if (!rule->by_file) return (row_key){.id = d->ids ? d->ids[row] : row, .text = ""};
    const column *files = table_find(&d->columns, "file");
    int32_t code = files->codes[row];
    return (row_key){.text = code < 0 ? "" : file_name(files->levels[code], base_only)};
}

static int look_up(const dataset *d, const csv *c, const row_rule *rule, bool base_only, const row_key *keys,
                   int32_t *matched) {
    int hits = 0;
    for (int i = 0; i < d->n; i++) {
        row_key key = key_of(d, rule, base_only, i);
        const row_key *found = bsearch(&key, keys, (size_t)c->n_rows, sizeof key, compare_keys);
        matched[i] = found ? found->row : -1;
        hits += found != NULL;
    }
    return hits;
}

static status match_keys(const dataset *d, const csv *c, const row_rule *rule, row_key *keys,
                         int32_t *matched, err *e) {
    int tries = rule->by_file ? 2 : 1; /* the whole path, then the bare name */
    for (int base_only = 0; base_only < tries; base_only++) {
        status s = STATUS_OK;
        if (rule->by_file)
            file_keys(c, rule->column, base_only, keys);
        else
            s = id_keys(d, c, rule->column, keys, e);
        if (s == STATUS_OK) s = sort_keys(c, rule->column, keys, e);
        if (s != STATUS_OK) return s;
        if (look_up(d, c, rule, base_only, keys, matched) > 0) return STATUS_OK;
    }
    return err_set(e, STATUS_BAD_FILE, "column %s: no row belongs to an image of %s", c->header[rule->column],
                   d->name);
}

static status match_order(const dataset *d, const csv *c, int32_t *matched, err *e) {
    if (c->n_rows != d->n)
        return err_set(
            e, STATUS_BAD_FILE,
            "%d rows, expected %d, one for each image (or a column row, id or file to match them by)",
            c->n_rows, d->n);
    for (int i = 0; i < d->n; i++)
        matched[i] = i;
    return STATUS_OK;
}

status rows_match(const dataset *d, const csv *c, int32_t **matched, err *e) {
    *matched = NULL;
    if (c->n_rows < 1) return err_set(e, STATUS_BAD_FILE, "no rows under the header, expected %d", d->n);
    row_rule rule = rule_for(d, c);
    int32_t *found = calloc((size_t)d->n, sizeof *found);
    row_key *keys = calloc((size_t)c->n_rows, sizeof *keys);
    status s = STATUS_OK;
    if (!found || !keys)
        s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    else
        s = rule.column < 0 ? match_order(d, c, found, e) : match_keys(d, c, &rule, keys, found, e);
    free(keys);
    if (s == STATUS_OK)
        *matched = found;
    else
        free(found);
    return s;
}
