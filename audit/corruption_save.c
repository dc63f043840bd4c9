/* Corrupted images as a NumPy archive. */
#include <stdlib.h>
#include <string.h>

#include "audit/corruption.h"
#include "core/npy.h"

static const size_t most_bytes = (size_t)1 << 30;

typedef struct archive {
    uint8_t *images;
    int32_t *labels, *ids, *kinds, *severities; /* a value an image */
} archive;

static int number_of(const corruption *k) {
    int i = 0;
    while (corruption_at(i) != k)
        i++;
    return i;
}

static status fill(const dataset *d, const corruption_plan *p, const run *r, archive *a, err *e) {
    size_t n = (size_t)d->n, size = shape_size(d->image);
    status s = STATUS_OK;
    for (int c = 0; s == STATUS_OK && c < corruption_conditions(p); c++) {
        size_t first = (size_t)c * n;
        s = corruption_images(d, p, c, r, a->images + first * size, e);
        memcpy(a->labels + first, d->labels, n * sizeof *a->labels);
        memcpy(a->ids + first, d->ids, n * sizeof *a->ids);
        for (size_t i = 0; i < n; i++) {
            a->kinds[first + i] = number_of(p->list[c / p->n_severities]);
            a->severities[first + i] = p->severities[c % p->n_severities];
        }
    }
    return s;
}

static status write(const char *path, shape s, int64_t n, const archive *a, err *e) {
    const npz_entry entries[] = {
        {.name = "images", .type = NPY_U8, .rank = 4, .dims = {n, s.h, s.w, s.c}, .data = a->images},
        {.name = "labels", .type = NPY_I32, .rank = 1, .dims = {n}, .data = a->labels},
        {.name = "ids", .type = NPY_I32, .rank = 1, .dims = {n}, .data = a->ids},
        {.name = "corruption", .type = NPY_I32, .rank = 1, .dims = {n}, .data = a->kinds},
        {.name = "severity", .type = NPY_I32, .rank = 1, .dims = {n}, .data = a->severities}};
    return npz_write_file(path, entries, sizeof entries / sizeof *entries, e);
}

status corruption_save(const char *path, const dataset *d, const corruption_plan *p, const run *r, err *e) {
    size_t n = (size_t)d->n * (size_t)corruption_conditions(p), room;
    if (!size_multiply(n, shape_size(d->image), &room) || room > most_bytes)
        return err_set(e, STATUS_USAGE,
                       "--save: %zu images of %dx%dx%d are more than 1 GB: choose fewer with -n, "
                       "--corruption or --severity",
                       n, d->image.h, d->image.w, d->image.c);
    int32_t *columns = malloc(4 * n * sizeof *columns);
    archive a = {malloc(room), columns, columns + n, columns + 2 * n, columns + 3 * n};
    status s = a.images && columns ? fill(d, p, r, &a, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) s = write(path, d->image, (int64_t)n, &a, e);
    free(a.images);
    free(columns);
    return s;
}
