#include "audit/prediction_file.h"

#include <string.h>

#include "core/csv.h"
#include "datasets/groups.h"

static status no_memory(err *e) {
    return err_set(e, STATUS_NO_MEMORY, "out of memory for the predictions");
}

/* Column `at` of the file, one text a row. */
static void copy_column(const csv *file, int at, const char **out) {
    for (int row = 0; row < file->n_rows; row++)
        out[row] = file->cells[(size_t)row * (size_t)file->n_columns + (size_t)at];
}

/* Labels and predictions share their names: as one column of twice the rows they get common codes. */
static status read_classes(const csv *file, prediction_file *out, err *e) {
    int label = csv_column(file, "label"), prediction = csv_column(file, "prediction");
    if (label < 0 || prediction < 0)
        return err_set(e, STATUS_BAD_FILE, "no column \"%s\"", label < 0 ? "label" : "prediction");
    if (file->n_rows < 1 || file->n_rows > INT32_MAX / 2)
        return err_set(e, STATUS_BAD_FILE, "%d rows, expected 1 to %d", file->n_rows, INT32_MAX / 2);
    size_t n = (size_t)file->n_rows;
    table both = {.n_rows = 2 * file->n_rows};
    const char **texts = arena_array(&out->memory, 2 * n, sizeof *texts);
    int32_t *codes = arena_array(&out->memory, 2 * n, sizeof *codes);
    if (!texts || !codes) return no_memory(e);
    copy_column(file, label, texts);
    copy_column(file, prediction, texts + n);
    status s = table_add_texts(&both, "class", texts, e);
    if (s == STATUS_OK) {
        const column *c = table_find(&both, "class");
        memcpy(codes, c->codes, 2 * n * sizeof *codes);
        out->n = file->n_rows;
        out->classes = c->n_levels;
        out->labels = codes;
        out->predictions = codes + n;
        out->class_names = arena_array(&out->memory, (size_t)c->n_levels, sizeof *out->class_names);
        for (int k = 0; out->class_names && k < c->n_levels; k++)
            if (!(out->class_names[k] = arena_strdup(&out->memory, c->levels[k]))) s = no_memory(e);
        if (!out->class_names) s = no_memory(e);
    }
    table_free(&both);
    for (int row = 0; s == STATUS_OK && row < out->n; row++)
        if (out->labels[row] == CATEGORY_MISSING)
            s = err_set(e, STATUS_BAD_FILE, "line %d: the label is empty", file->lines[row]);
    return s;
}

static status read_groups(const csv *file, prediction_file *out, err *e) {
    const char **texts = arena_array(&out->memory, (size_t)out->n, sizeof *texts);
    double *numbers = arena_array(&out->memory, (size_t)out->n, sizeof *numbers);
    if (!texts || !numbers) return no_memory(e);
    out->groups.n_rows = out->n;
    status s = STATUS_OK;
    for (int at = 0; s == STATUS_OK && at < file->n_columns; at++) {
        const char *name = file->header[at];
        if (strcmp(name, "label") == 0 || strcmp(name, "prediction") == 0) continue;
        copy_column(file, at, texts);
        s = column_add(&out->groups, name, texts, numbers, e);
    }
    return s;
}

status prediction_file_read(const char *path, prediction_file *out, err *e) {
    *out = (prediction_file){0};
    csv file;
    status s = csv_read_file(path, &file, e);
    if (s != STATUS_OK) return s;
    s = read_classes(&file, out, e);
    if (s == STATUS_OK) s = read_groups(&file, out, e);
    csv_free(&file);
    if (s == STATUS_OK) return s;
    prediction_file_free(out);
    return err_prefix(e, s, "%s", path);
}

void prediction_file_free(prediction_file *p) {
    table_free(&p->groups);
    arena_free(&p->memory);
    *p = (prediction_file){0};
}
