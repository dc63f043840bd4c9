#include <stdlib.h>
#include <string.h>

#include "datasets/idx_internal.h"
#include "datasets/open_internal.h"

enum { MOST_NUMBER = 1 << 16 };

static status out_of_memory(err *e) {
    return err_set(e, STATUS_NO_MEMORY, "out of memory for labels");
}

static int32_t name_find(const dataset *d, const char *text) {
    for (int k = 0; d->class_names && k < d->classes; k++)
        if (strcmp(d->class_names[k], text) == 0) return k;
    return -1;
}

static bool all_numbers(const char *const *texts, int n) {
    int64_t value;
    for (int i = 0; i < n; i++)
        if (!text_integer(texts[i], &value)) return false;
    return true;
}

/* One label as the name of a known class, or as its number. */
static status label_known(const dataset *d, const char *text, int row, int32_t *label, err *e) {
    int64_t value, most = d->classes ? d->classes : MOST_NUMBER;
    *label = name_find(d, text);
    if (*label >= 0) return STATUS_OK;
    if (!text_integer(text, &value) || value < 0 || value >= most)
        return err_set(e, STATUS_BAD_FILE, "row %d: label \"%s\", expected 0..%d%s", row, text, (int)most - 1,
                       d->class_names ? " or the name of a class" : "");
    *label = (int32_t)value;
    return STATUS_OK;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different texts in sorted order become the classes. */
static status name_classes(dataset *d, const char *const *texts, err *e) {
    const char **sorted = arena_array(&d->memory, (size_t)d->n, sizeof *sorted);
    if (!sorted) return out_of_memory(e);
    memcpy(sorted, texts, (size_t)d->n * sizeof *sorted);
    qsort(sorted, (size_t)d->n, sizeof *sorted, compare_texts);
    int classes = 0;
    for (int i = 0; i < d->n; i++)
        if (i == 0 || strcmp(sorted[i], sorted[classes - 1]) != 0) sorted[classes++] = sorted[i];
    for (int k = 0; k < classes; k++)
        if (!(sorted[k] = arena_strdup(&d->memory, sorted[k]))) return out_of_memory(e);
    d->classes = classes;
    d->class_names = sorted;
    return STATUS_OK;
}

/* As label_known for sorted class names, where there may be many. */
static int32_t label_sorted(const dataset *d, const char *text) {
    const char *const *found = bsearch(&text, d->class_names, (size_t)d->classes, sizeof text, compare_texts);
    return (int32_t)(found - d->class_names);
}

status labels_from_texts(dataset *d, const char *const *texts, err *e) {
    for (int i = 0; i < d->n; i++)
        if (!texts[i] || !texts[i][0]) return err_set(e, STATUS_BAD_FILE, "row %d: the label is missing", i);
    int32_t *labels = arena_array(&d->memory, (size_t)d->n, sizeof *labels);
    if (!labels) return out_of_memory(e);
    d->labels = labels;
    bool new_classes = d->classes == 0 && !all_numbers(texts, d->n);
    status s = new_classes ? name_classes(d, texts, e) : STATUS_OK;
    for (int i = 0; i < d->n && s == STATUS_OK; i++)
        if (new_classes)
            labels[i] = label_sorted(d, texts[i]);
        else
            s = label_known(d, texts[i], i, &labels[i], e);
    return s;
}

static status labels_from_idx(dataset *d, const bytes *file, err *e) {
    int n;
    const uint8_t *found;
    status s = idx_parse_labels(file->data, file->size, &n, &found, e);
    if (s != STATUS_OK) return s;
    if (n != d->n) return err_set(e, STATUS_BAD_FILE, "%d labels, expected %d, one for each image", n, d->n);
    int32_t *labels = arena_array(&d->memory, (size_t)n, sizeof *labels);
    if (!labels) return out_of_memory(e);
    for (int i = 0; i < n; i++) {
        if (d->classes && found[i] >= d->classes)
            return err_set(e, STATUS_BAD_FILE, "row %d: label %d, expected 0..%d", i, found[i],
                           d->classes - 1);
        labels[i] = found[i];
    }
    d->labels = labels;
    return STATUS_OK;
}

/* The texts of a column `label`, brought into the order of the data set; they point into `c`. */
static status labels_from_csv(dataset *d, const csv *c, err *e) {
    int field = csv_column(c, "label");
    if (field < 0) return err_set(e, STATUS_BAD_FILE, "no column label");
    int32_t *matched;
    status s = rows_match(d, c, &matched, e);
    if (s != STATUS_OK) return s;
    const char **texts = calloc((size_t)d->n, sizeof *texts);
    for (int i = 0; texts && i < d->n; i++)
        if (matched[i] >= 0) texts[i] = csv_cell(c, matched[i], field);
    s = texts ? labels_from_texts(d, texts, e) : out_of_memory(e);
    free(texts);
    free(matched);
    return s;
}

status labels_read(dataset *d, const char *path, err *e) {
    enum { LARGEST = 1 << 30 };
    bytes file;
    status s = file_read_gz(path, LARGEST, &file, e);
    if (s != STATUS_OK) return s;
    csv c = {0};
    bool is_idx = file.size >= 3 && file.data[0] == 0 && file.data[1] == 0;
    if (is_idx) {
        s = labels_from_idx(d, &file, e);
    } else {
        s = csv_parse((const char *)file.data, file.size, 0, &c, e);
        if (s == STATUS_OK) s = labels_from_csv(d, &c, e);
        csv_free(&c);
    }
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}
