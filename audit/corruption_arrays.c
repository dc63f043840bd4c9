/* The published arrays of CIFAR-10-C and the like. */
#include <stdio.h>
#include <string.h>

#include "audit/corruption.h"

enum { PATH_MOST = 4096 };

static status read_array(const char *folder, const char *name, npy *out, err *e) {
    char path[PATH_MOST];
    if (snprintf(path, sizeof path, "%s/%s.npy", folder, name) >= PATH_MOST)
        return err_set(e, STATUS_USAGE, "--arrays: a path of more than %d letters", (int)PATH_MOST);
    return npy_read_file(path, out, e);
}

static status check_images(const dataset *d, const char *folder, const char *name, const npy *a, err *e) {
    shape s = d->image;
    bool grey = a->rank == 3 && s.c == 1;
    bool fits = a->type == NPY_U8 && (grey || (a->rank == 4 && a->dims[3] == s.c)) && a->dims[1] == s.h &&
                a->dims[2] == s.w && a->dims[0] > 0 && a->dims[0] % SEVERITIES == 0;
    if (fits) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE,
                   "%s/%s.npy: expected uint8 images of %d x %d x %d in 5 equal parts, one a severity",
                   folder, name, s.h, s.w, s.c);
}

/* Rows by original id; their labels must be those of the data. */
static status check_labels(const dataset *d, const char *folder, int64_t rows, const npy *labels, err *e) {
    if (labels->rank != 1 || (labels->count != rows && labels->count != SEVERITIES * rows))
        return err_set(e, STATUS_BAD_FILE, "%s/labels.npy: %lld labels, expected %lld or %lld", folder,
                       (long long)labels->count, (long long)rows, SEVERITIES * (long long)rows);
    for (int i = 0; i < d->n; i++) {
        if (d->ids[i] >= rows)
            return err_set(e, STATUS_USAGE, "--arrays: %lld images a severity, but the data has a row %d",
                           (long long)rows, d->ids[i]);
        if (npy_number(labels, d->ids[i]) != (double)d->labels[i])
            return err_set(e, STATUS_USAGE, "--arrays: row %d has label %g, %s says %d: not the same images",
                           d->ids[i], npy_number(labels, d->ids[i]), d->name, d->labels[i]);
    }
    return STATUS_OK;
}

static status keep(corruption_arrays *a, const dataset *d, const corruption *k, err *e) {
    if (a->kept == k) return STATUS_OK;
    npy_free(&a->images);
    a->kept = NULL;
    status s = read_array(a->folder, k->name, &a->images, e);
    if (s == STATUS_OK) s = check_images(d, a->folder, k->name, &a->images, e);
    if (s == STATUS_OK && !a->labels.data) s = read_array(a->folder, "labels", &a->labels, e);
    if (s == STATUS_OK) a->kept = k;
    return s;
}

status corruption_arrays_read(corruption_arrays *a, const dataset *d, const corruption *k, int severity,
                              uint8_t *out, err *e) {
    status s = keep(a, d, k, e);
    if (s != STATUS_OK) return s;
    int64_t rows = a->images.dims[0] / SEVERITIES;
    s = check_labels(d, a->folder, rows, &a->labels, e);
    size_t size = shape_size(d->image);
    for (int i = 0; s == STATUS_OK && i < d->n; i++)
        memcpy(out + (size_t)i * size, a->images.data + (size_t)((severity - 1) * rows + d->ids[i]) * size,
               size);
    return s;
}

void corruption_arrays_free(corruption_arrays *a) {
    npy_free(&a->images);
    npy_free(&a->labels);
    *a = (corruption_arrays){0};
}
