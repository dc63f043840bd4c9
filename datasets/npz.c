#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/npy.h"
#include "datasets/image.h"
#include "datasets/npz_internal.h"
#include "datasets/open_internal.h"

/* How archives call images and labels; %s is the split, and a name without it means that the archive has one
 * part only. */
static const struct {
    const char *images, *labels;
} conventions[] = {{"images", "labels"}, {"%s_images", "%s_labels"}, {"x_%s", "y_%s"}};

enum { CONVENTIONS = sizeof conventions / sizeof conventions[0], NAME = 32 };

typedef struct npz_parts {
    const npy *images, *labels;
    const char *split;
} npz_parts;

static void name_of(char out[NAME], const char *pattern, const char *split) {
    const char *hole = strstr(pattern, "%s");
    int before = hole ? (int)(hole - pattern) : (int)strlen(pattern);
    snprintf(out, NAME, "%.*s%s%s", before, pattern, hole ? split : "", hole ? hole + 2 : "");
}

/* Whether an array is another split's images or labels, and so no column of this one. */
static bool is_of_convention(const char *name) {
    static const char *const splits[] = {"train", "test", "val"};
    char known[NAME];
    for (int i = 0; i < CONVENTIONS; i++)
        for (int k = 0; k < 3; k++) {
            name_of(known, conventions[i].images, splits[k]);
            if (strcmp(known, name) == 0) return true;
            name_of(known, conventions[i].labels, splits[k]);
            if (strcmp(known, name) == 0) return true;
        }
    return strcmp(name, "class_names") == 0;
}

static status find_parts(const npz *z, const char *split, npz_parts *parts, err *e) {
    *parts = (npz_parts){0};
    for (int i = 0; i < CONVENTIONS && !parts->images; i++) {
        char images[NAME], labels[NAME];
        name_of(images, conventions[i].images, split);
        name_of(labels, conventions[i].labels, split);
        parts->images = npz_find(z, images);
        parts->labels = npz_find(z, labels);
        parts->split = strchr(conventions[i].images, '%') ? split : "all";
    }
    if (parts->images) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "no array images, %s_images or x_%s among its %d arrays", split, split,
                   z->n);
}

static status copy_pixels(const npy *a, dataset *d, err *e) {
    uint8_t *pixels = arena_alloc(&d->memory, (size_t)a->count);
    if (!pixels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(pixels, a->data, (size_t)a->count);
    d->pixels = pixels;
    return STATUS_OK;
}

/* Floats that are all k/255 are kept as the uint8 they came from: a quarter of the memory, and the same hash.
 */
static bool as_pixels(const npy *a, uint8_t *pixels) {
    for (int64_t i = 0; i < a->count; i++) {
        float value = (float)npy_number(a, i);
        if (!(value >= 0 && value <= 1)) return false;
        pixels[i] = image_byte(value);
        if ((float)pixels[i] / 255.0f != value) return false;
    }
    return true;
}

static status copy_values(const npy *a, dataset *d, err *e) {
    size_t n = (size_t)a->count;
    uint8_t *pixels = malloc(n);
    if (!pixels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    bool exact = as_pixels(a, pixels);
    uint8_t *bytes_kept = exact ? arena_alloc(&d->memory, n) : NULL;
    float *values = exact ? NULL : arena_array(&d->memory, n, sizeof *values);
    if (bytes_kept) memcpy(bytes_kept, pixels, n);
    for (size_t i = 0; values && i < n; i++)
        values[i] = (float)npy_number(a, (int64_t)i);
    free(pixels);
    d->pixels = bytes_kept;
    d->values = values;
    return bytes_kept || values ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

static status load_images(const npy *a, dataset *d, err *e) {
    if (a->rank != 3 && a->rank != 4)
        return err_set(e, STATUS_BAD_FILE, "images have rank %d, expected (n, h, w) or (n, h, w, c)",
                       a->rank);
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] < 1 || a->dims[i] > INT32_MAX)
            return err_set(e, STATUS_BAD_FILE, "images: dimension %d is %lld, expected at least 1", i,
                           (long long)a->dims[i]);
    d->n = d->columns.n_rows = (int)a->dims[0];
    d->image = (shape){(int)a->dims[1], (int)a->dims[2], a->rank == 4 ? (int)a->dims[3] : 1};
    if (a->type == NPY_U8) return copy_pixels(a, d, e);
    if (a->type == NPY_F32 || a->type == NPY_F64) return copy_values(a, d, e);
    return err_set(e, STATUS_BAD_FILE, "images are neither uint8 nor float");
}

static status load_class_names(const npz *z, dataset *d, err *e) {
    const npy *names = npz_find(z, "class_names");
    if (!names) return STATUS_OK;
    if (names->rank != 1 || names->count < 1 || names->count > INT16_MAX || !npy_is_text(names))
        return err_set(e, STATUS_BAD_FILE, "class_names is not a list of texts");
    d->classes = (int)names->count;
    return npy_texts(names, d->classes, &d->memory, &d->class_names, e);
}

static status load_labels(const npy *a, dataset *d, arena *scratch, err *e) {
    const char *const *texts;
    if (!npy_is_column(a, d->n))
        return err_set(e, STATUS_BAD_FILE, "labels: %lld values of rank %d, expected %d, one for each image",
                       (long long)a->count, a->rank, d->n);
    if (npy_is_text(a)) {
        status s = npy_texts(a, d->n, scratch, &texts, e);
        return s == STATUS_OK ? labels_from_texts(d, texts, e) : s;
    }
    int32_t *labels = arena_array(&d->memory, (size_t)d->n, sizeof *labels);
    if (!labels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n; i++) {
        double value = npy_number(a, i);
        if (!(value >= 0 && value <= UINT16_MAX) || value != floor(value))
            return err_set(e, STATUS_BAD_FILE, "labels: row %d: %g, expected a class number from 0", i,
                           value);
        labels[i] = (int32_t)value;
    }
    d->labels = labels;
    return STATUS_OK;
}

static status add_column(const char *name, const npy *a, dataset *d, arena *scratch, err *e) {
    if (!npy_is_column(a, d->n))
        return err_set(e, STATUS_BAD_FILE,
                       "array %s: %lld values of rank %d, expected %d, one for each image", name,
                       (long long)a->count, a->rank, d->n);
    if (npy_is_text(a)) {
        const char *const *texts;
        status s = npy_texts(a, d->n, scratch, &texts, e);
        return s == STATUS_OK ? table_add_texts(&d->columns, name, texts, e) : s;
    }
    double *numbers = arena_array(scratch, (size_t)d->n, sizeof *numbers);
    if (!numbers) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n; i++)
        numbers[i] = npy_number(a, i);
    return table_add_numbers(&d->columns, name, numbers, e);
}

/* Other images of the same rows, such as those that an attack began with: neither a column nor a mistake. */
static bool is_other_images(const npy *a, const dataset *d) {
    return a->rank > 2 && a->dims[0] == d->n;
}

/* Numbers and texts of the archive, but scalars, as columns. */
static status add_columns(const npz *z, dataset *d, arena *scratch, err *e) {
    status s = STATUS_OK;
    for (int i = 0; i < z->n && s == STATUS_OK; i++) {
        const npy *a = &z->arrays[i];
        if (a->rank == 0 || is_of_convention(z->names[i]) || is_other_images(a, d)) continue;
        s = add_column(z->names[i], a, d, scratch, e);
    }
    return s;
}

static status load(const npz *z, const char *argument, const open_options *o, dataset *d, arena *scratch,
                   err *e) {
    const char *split;
    npz_parts parts;
    status s = open_split(o, &split, e);
    if (s == STATUS_OK) s = find_parts(z, split, &parts, e);
    if (s == STATUS_OK && !parts.labels && !o->labels)
        s = err_set(e, STATUS_BAD_FILE, "images, but no labels");
    if (s == STATUS_OK) s = open_name(d, "npz", argument, parts.split, e);
    if (s == STATUS_OK) s = load_images(parts.images, d, e);
    if (s == STATUS_OK) s = load_class_names(z, d, e);
    if (s == STATUS_OK && !o->labels) s = load_labels(parts.labels, d, scratch, e);
    if (s == STATUS_OK) s = add_columns(z, d, scratch, e);
    return s == STATUS_OK ? open_finish(o, d, e) : s;
}

status open_npz(const char *argument, const open_options *o, dataset *out, err *e) {
    *out = (dataset){0};
    npz z;
    arena scratch = {0};
    status s = npz_read_file(argument, &z, e);
    if (s != STATUS_OK) return s;
    s = load(&z, argument, o, out, &scratch, e);
    npz_free(&z);
    arena_free(&scratch);
    if (s == STATUS_OK) return s;
    dataset_free(out);
    return err_prefix(e, s, "%s", argument);
}
