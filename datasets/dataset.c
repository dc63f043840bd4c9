#include "datasets/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/text.h"

enum { MOST_CLASSES = 1 << 16, LONGEST_SIDE = 1 << 14 };

void dataset_free(dataset *d) {
    table_free(&d->columns);
    arena_free(&d->memory);
    *d = (dataset){0};
}

void dataset_image(const dataset *d, int row, float *out) {
    size_t size = shape_size(d->image), at = (size_t)row * size;
    if (d->values) {
        memcpy(out, d->values + at, size * sizeof *out);
        return;
    }
    for (size_t i = 0; i < size; i++)
        out[i] = (float)d->pixels[at + i] / 255.0f;
}

static status out_of_memory(err *e) {
    return err_set(e, STATUS_NO_MEMORY, "out of memory for a data set");
}

static status check_sizes(const dataset *d, err *e) {
    shape s = d->image;
    if (d->n < 1) return err_set(e, STATUS_BAD_FILE, "no images");
    if (s.h < 1 || s.w < 1 || s.h > LONGEST_SIDE || s.w > LONGEST_SIDE || (s.c != 1 && s.c != 3))
        return err_set(e, STATUS_BAD_FILE, "images of %dx%dx%d, expected sides of 1..%d and 1 or 3 channels",
                       s.h, s.w, s.c, LONGEST_SIDE);
    if (!d->pixels == !d->values || !d->labels)
        return err_set(e, STATUS_INTERNAL, "a data set needs labels and either pixels or values");
    if (d->columns.n_columns > 0 && d->columns.n_rows != d->n)
        return err_set(e, STATUS_BAD_FILE, "%d rows of columns, expected %d", d->columns.n_rows, d->n);
    return STATUS_OK;
}

static status check_values(const dataset *d, err *e) {
    size_t size = shape_size(d->image), total = (size_t)d->n * size;
    for (size_t i = 0; d->values && i < total; i++)
        if (!(d->values[i] >= 0 && d->values[i] <= 1))
            return err_set(e, STATUS_BAD_FILE, "image %zu: value %zu is %g, expected 0..1", i / size,
                           i % size, (double)d->values[i]);
    return STATUS_OK;
}

/* Checks the labels against d->classes, or finds the number of classes where it is 0. */
static status check_labels(dataset *d, err *e) {
    int most = d->classes ? d->classes : MOST_CLASSES, highest = 0;
    if (most < 1 || most > MOST_CLASSES)
        return err_set(e, STATUS_BAD_FILE, "%d classes, expected 1..%d", most, MOST_CLASSES);
    for (int i = 0; i < d->n; i++) {
        if (d->labels[i] < 0 || d->labels[i] >= most)
            return err_set(e, STATUS_BAD_FILE, "row %d: label %d, expected 0..%d", i, d->labels[i], most - 1);
        if (d->labels[i] > highest) highest = d->labels[i];
    }
    if (!d->classes) d->classes = highest + 1;
    return STATUS_OK;
}

static status fill_ids(dataset *d, err *e) {
    if (d->ids) return STATUS_OK;
    int32_t *ids = arena_array(&d->memory, (size_t)d->n, sizeof *ids);
    if (!ids) return out_of_memory(e);
    for (int i = 0; i < d->n; i++)
        ids[i] = i;
    d->ids = ids;
    return STATUS_OK;
}

static status fill_class_names(dataset *d, err *e) {
    const char **names = arena_array(&d->memory, (size_t)d->classes, sizeof *names);
    if (!names) return out_of_memory(e);
    for (int k = 0; k < d->classes; k++) {
        names[k] = d->class_names ? d->class_names[k] : arena_printf(&d->memory, "%d", k);
        if (!names[k]) return out_of_memory(e);
        if (!text_is_utf8(names[k], strlen(names[k])))
            return err_set(e, STATUS_BAD_FILE, "the name of class %d is not UTF-8", k);
    }
    d->class_names = names;
    return STATUS_OK;
}

static void put_u32le(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void hash_labels(sha256 *hash, const int32_t *labels, int n) {
    enum { PIECE = 1024 };
    uint8_t piece[4 * PIECE];
    for (int first = 0; first < n; first += PIECE) {
        int count = n - first < PIECE ? n - first : PIECE;
        for (int i = 0; i < count; i++)
            put_u32le(piece + 4 * i, (uint32_t)labels[first + i]);
        sha256_update(hash, piece, 4 * (size_t)count);
    }
}

/* Bytes per value come with the shape, so that pixels and values never meet in one hash. */
static void fill_hash(dataset *d) {
    size_t total = (size_t)d->n * shape_size(d->image);
    uint32_t head[5] = {(uint32_t)d->n, (uint32_t)d->image.h, (uint32_t)d->image.w, (uint32_t)d->image.c,
                        d->pixels ? 1 : 4};
    uint8_t head_bytes[sizeof head];
    for (int i = 0; i < 5; i++)
        put_u32le(head_bytes + 4 * i, head[i]);
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, head_bytes, sizeof head_bytes);
    if (d->pixels)
        sha256_update(&hash, d->pixels, total);
    else
        sha256_update(&hash, d->values, total * sizeof *d->values);
    hash_labels(&hash, d->labels, d->n);
    sha256_hex(&hash, d->sha256);
}

status dataset_finish(dataset *d, err *e) {
    status s = check_sizes(d, e);
    if (s == STATUS_OK) s = check_values(d, e);
    if (s == STATUS_OK) s = check_labels(d, e);
    if (s == STATUS_OK) s = fill_ids(d, e);
    if (s == STATUS_OK) s = fill_class_names(d, e);
    if (s != STATUS_OK) return s;
    d->columns.n_rows = d->n;
    fill_hash(d);
    return STATUS_OK;
}

/* Name, split, classes and shape of `d` for a copy. */
static status copy_frame(const dataset *d, dataset *out, err *e) {
    *out = (dataset){.n = d->n, .classes = d->classes, .image = d->image};
    const char **names = arena_array(&out->memory, (size_t)d->classes, sizeof *names);
    out->name = arena_strdup(&out->memory, d->name);
    out->split = arena_strdup(&out->memory, d->split);
    if (!names || !out->name || !out->split) return out_of_memory(e);
    for (int k = 0; k < d->classes; k++)
        if (!(names[k] = arena_strdup(&out->memory, d->class_names[k]))) return out_of_memory(e);
    out->class_names = names;
    return STATUS_OK;
}

/* The n items of `size` bytes at rows[0..n). */
static void *copy_rows(arena *memory, const void *from, size_t size, const int32_t *rows, int n) {
    uint8_t *copy = arena_array(memory, (size_t)n, size);
    for (int i = 0; copy && i < n; i++)
        memcpy(copy + (size_t)i * size, (const uint8_t *)from + (size_t)rows[i] * size, size);
    return copy;
}

static status select_rows(const dataset *d, const int32_t *rows, int n, dataset *out, err *e) {
    status s = copy_frame(d, out, e);
    if (s != STATUS_OK) return s;
    size_t size = shape_size(d->image);
    out->n = n;
    out->labels = copy_rows(&out->memory, d->labels, sizeof *d->labels, rows, n);
    out->ids = copy_rows(&out->memory, d->ids, sizeof *d->ids, rows, n);
    if (d->pixels) out->pixels = copy_rows(&out->memory, d->pixels, size, rows, n);
    if (d->values) out->values = copy_rows(&out->memory, d->values, size * sizeof *d->values, rows, n);
    if (!out->labels || !out->ids || (!out->pixels && !out->values)) return out_of_memory(e);
    s = table_select(&d->columns, rows, n, &out->columns, e);
    return s == STATUS_OK ? dataset_finish(out, e) : s;
}

status dataset_select(const dataset *d, const int32_t *rows, int n, dataset *out, err *e) {
    *out = (dataset){0};
    if (n < 1) return err_set(e, STATUS_USAGE, "no rows of %s are selected", d->name);
    for (int i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= d->n)
            return err_set(e, STATUS_USAGE, "%s: row %d, expected 0..%d", d->name, rows[i], d->n - 1);
    status s = select_rows(d, rows, n, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

static status relabel(const dataset *d, const int32_t *labels, const uint8_t *pixels, dataset *out, err *e) {
    int32_t *all = malloc((size_t)d->n * sizeof *all);
    if (!all) return out_of_memory(e);
    for (int i = 0; i < d->n; i++)
        all[i] = i;
    dataset changed = *d;
    changed.labels = labels;
    if (pixels) changed.pixels = pixels;
    status s = select_rows(&changed, all, d->n, out, e);
    free(all);
    return s;
}

status dataset_relabel(const dataset *d, const int32_t *labels, const uint8_t *pixels, dataset *out, err *e) {
    *out = (dataset){0};
    if (pixels && !d->pixels)
        return err_set(e, STATUS_UNSUPPORTED, "%s holds float images, expected uint8 to change pixels",
                       d->name);
    status s = relabel(d, labels, pixels, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

/* The first `count` steps of a Fisher-Yates shuffle: a larger count keeps the choice of a smaller one. */
static void choose(rng *random, int32_t *rows, int n, int count) {
    for (int i = 0; i < count; i++) {
        int other = i + (int)rng_below(random, (uint32_t)(n - i));
        int32_t kept = rows[i];
        rows[i] = rows[other];
        rows[other] = kept;
    }
}

static int compare_rows(const void *a, const void *b) {
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

status dataset_sample_rows(const dataset *d, uint64_t seed, int n, int32_t **rows, int *count, err *e) {
    *rows = NULL;
    *count = 0;
    if (n < 0) return err_set(e, STATUS_USAGE, "%d rows, expected 0 (all) or more", n);
    int32_t *chosen = malloc((size_t)d->n * sizeof *chosen);
    if (!chosen) return out_of_memory(e);
    for (int i = 0; i < d->n; i++)
        chosen[i] = i;
    *rows = chosen;
    *count = n == 0 || n >= d->n ? d->n : n;
    if (*count == d->n) return STATUS_OK;
    rng random = rng_stream(seed, "sample-rows", 0, 0, 0, 0);
    choose(&random, chosen, d->n, *count);
    qsort(chosen, (size_t)*count, sizeof *chosen, compare_rows);
    return STATUS_OK;
}

/* The rows of one class into `rows`; returns how many. */
static int rows_of_class(const dataset *d, int32_t class, int32_t *rows) {
    int n = 0;
    for (int i = 0; i < d->n; i++)
        if (d->labels[i] == class) rows[n++] = i;
    return n;
}

status dataset_sample_per_class(const dataset *d, uint64_t seed, int n, int32_t **rows, int *count, err *e) {
    *rows = NULL;
    *count = 0;
    if (n < 1) return err_set(e, STATUS_USAGE, "%d images per class, expected 1 or more", n);
    int32_t *chosen = malloc((size_t)d->n * sizeof *chosen);
    if (!chosen) return out_of_memory(e);
    for (int class = 0; class < d->classes; class ++) {
        int32_t *of_class = chosen + *count;
        int found = rows_of_class(d, class, of_class), taken = n < found ? n : found;
        rng random = rng_stream(seed, "per-class", (uint32_t) class, 0, 0, 0);
        choose(&random, of_class, found, taken);
        *count += taken;
    }
    qsort(chosen, (size_t)*count, sizeof *chosen, compare_rows);
    *rows = chosen;
    return STATUS_OK;
}
