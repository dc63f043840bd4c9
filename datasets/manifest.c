#include <stdlib.h>
#include <string.h>

#include "datasets/listing_internal.h"
#include "datasets/open_internal.h"
#include "datasets/pictures_internal.h"

/* The columns of a manifest that mean something; -1 where there is none. */
typedef struct manifest_columns {
    int path, label, split;
} manifest_columns;

/* Rows of the wanted split, one value each. */
typedef struct manifest_rows {
    int32_t *rows; /* in the CSV */
    const char **paths;
    const char **texts; /* scratch with room for all rows of the CSV */
    int n;
} manifest_rows;

static status find_columns(const csv *c, const open_options *o, manifest_columns *columns, err *e) {
    columns->path = csv_column(c, "path") >= 0 ? csv_column(c, "path") : csv_column(c, "file");
    columns->label = csv_column(c, "label");
    columns->split = csv_column(c, "split");
    if (columns->path < 0) return err_set(e, STATUS_BAD_FILE, "no column path (or file)");
    if (columns->label < 0 && !o->labels) return err_set(e, STATUS_BAD_FILE, "no column label");
    return STATUS_OK;
}

static const char *split_named(const char *text) {
    return strcmp(text, "validation") == 0 ? "val" : text;
}

/* Chooses the rows and makes their paths, which are relative to the manifest's folder. */
static status choose_rows(const csv *c, const manifest_columns *columns, const char *split,
                          const char *folder, arena *memory, manifest_rows *m, err *e) {
    size_t rows = (size_t)c->n_rows;
    m->rows = arena_array(memory, rows, sizeof *m->rows);
    m->paths = arena_array(memory, rows, sizeof *m->paths);
    m->texts = arena_array(memory, rows, sizeof *m->texts);
    if (!m->rows || !m->paths || !m->texts) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < c->n_rows; i++) {
        if (columns->split >= 0 && strcmp(split_named(csv_cell(c, i, columns->split)), split) != 0) continue;
        const char *path = csv_cell(c, i, columns->path);
        if (!path[0]) return err_set(e, STATUS_BAD_FILE, "line %d: the path is missing", c->lines[i]);
        m->rows[m->n] = i;
        m->paths[m->n] = path[0] == '/' ? path : path_join(memory, folder, path);
        if (!m->paths[m->n++]) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    if (m->n == 0 && columns->split >= 0) return err_set(e, STATUS_BAD_FILE, "no row of split %s", split);
    return m->n > 0 ? STATUS_OK : err_set(e, STATUS_BAD_FILE, "no rows under the header");
}

/* Classes and labels of the whole file first, so that a class has the same number in each split; then those
 * of the chosen rows. */
static status read_labels(const csv *c, int field, const manifest_rows *m, dataset *d, err *e) {
    d->n = c->n_rows;
    for (int i = 0; i < d->n; i++)
        m->texts[i] = csv_cell(c, i, field);
    status s = labels_from_texts(d, m->texts, e);
    int32_t *labels = arena_array(&d->memory, (size_t)m->n, sizeof *labels);
    if (s != STATUS_OK) return s;
    if (!labels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n && !d->class_names; i++)
        if (d->labels[i] >= d->classes) d->classes = d->labels[i] + 1;
    for (int i = 0; i < m->n; i++)
        labels[i] = d->labels[m->rows[i]];
    d->labels = labels;
    return STATUS_OK;
}

static status copy_ids(const manifest_rows *m, dataset *d, err *e) {
    int32_t *ids = arena_array(&d->memory, (size_t)m->n, sizeof *ids);
    if (!ids) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(ids, m->rows, (size_t)m->n * sizeof *ids);
    d->ids = ids;
    return STATUS_OK;
}

/* The paths as written become the column `file`; all others but label and split keep their names. */
static status add_columns(const csv *c, const manifest_columns *columns, const manifest_rows *m, dataset *d,
                          err *e) {
    status s = STATUS_OK;
    double *numbers = calloc((size_t)m->n, sizeof *numbers);
    if (!numbers) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    d->columns.n_rows = m->n;
    for (int k = 0; k < c->n_columns && s == STATUS_OK; k++) {
        if (k == columns->label || k == columns->split || !c->header[k][0]) continue;
        for (int i = 0; i < m->n; i++)
            m->texts[i] = csv_cell(c, m->rows[i], k);
        if (k == columns->path)
            s = table_add_texts(&d->columns, "file", m->texts, e);
        else
            s = column_add(&d->columns, c->header[k], m->texts, numbers, e);
    }
    free(numbers);
    return s;
}

static status load_rows(const csv *c, const open_options *o, const char *argument, const char *split,
                        dataset *d, arena *scratch, err *e) {
    manifest_columns columns;
    manifest_rows m = {0};
    const char *slash = strrchr(argument, '/');
    const char *folder = slash ? arena_strndup(scratch, argument, (size_t)(slash - argument) + 1) : ".";
    if (!folder) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = find_columns(c, o, &columns, e);
    if (s == STATUS_OK) s = open_name(d, "manifest", argument, columns.split < 0 ? "all" : split, e);
    if (s == STATUS_OK) s = choose_rows(c, &columns, split, folder, scratch, &m, e);
    if (s == STATUS_OK && columns.label >= 0) s = read_labels(c, columns.label, &m, d, e);
    if (s == STATUS_OK) s = copy_ids(&m, d, e);
    if (s != STATUS_OK) return s;
    d->n = m.n;
    s = pictures_read(m.paths, o, d, e);
    if (s == STATUS_OK) s = add_columns(c, &columns, &m, d, e);
    return s == STATUS_OK ? open_finish(o, d, e) : s;
}

static status load(const char *argument, const open_options *o, dataset *d, err *e) {
    const char *split;
    csv c;
    arena scratch = {0};
    status s = open_split(o, &split, e);
    if (s != STATUS_OK) return s;
    s = csv_read_file(argument, &c, e);
    if (s != STATUS_OK) return s;
    s = load_rows(&c, o, argument, split, d, &scratch, e);
    arena_free(&scratch);
    csv_free(&c);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", argument);
}

status open_manifest(const char *argument, const open_options *o, dataset *out, err *e) {
    *out = (dataset){0};
    status s = load(argument, o, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}
