#include <stdlib.h>
#include <string.h>

#include "datasets/cifar_internal.h"
#include "datasets/listing_internal.h"
#include "datasets/open_internal.h"

enum { MOST_FILES = 5, LARGEST_FILE = 1 << 30 };

/* What one data set's distribution looks like. */
typedef struct cifar_set {
    const cifar_layout *layout;
    const char *folder;                          /* the folder inside the archive */
    const char *train[MOST_FILES + 1], *test[2]; /* ended by NULL */
    const char *class_names, *coarse_names;      /* files with a name a line */
} cifar_set;

static const cifar_set cifar10 = {
    .layout = &cifar10_layout,
    .folder = "cifar-10-batches-bin",
    .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
              "data_batch_5.bin"},
    .test = {"test_batch.bin"},
    .class_names = "batches.meta.txt",
};

static const cifar_set cifar100 = {
    .layout = &cifar100_layout,
    .folder = "cifar-100-binary",
    .train = {"train.bin"},
    .test = {"test.bin"},
    .class_names = "fine_label_names.txt",
    .coarse_names = "coarse_label_names.txt",
};

static const char *const cifar10_names[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                            "dog",      "frog",       "horse", "ship", "truck"};

typedef struct cifar_files {
    const char *folder; /* of the name files, NULL for a single batch file */
    const char *paths[MOST_FILES];
    int n;
    const char *split;
} cifar_files;

static status out_of_memory(err *e) {
    return err_set(e, STATUS_NO_MEMORY, "out of memory");
}

static status find_files(const cifar_set *set, const char *argument, const char *split, arena *memory,
                         cifar_files *out, err *e) {
    *out = (cifar_files){.paths = {argument}, .n = 1, .split = "all"};
    if (!is_folder(argument)) return STATUS_OK;
    if (strcmp(split, "val") == 0)
        return err_set(e, STATUS_USAGE, "%s has no split val, expected train or test", set->layout->name);
    const char *inside = path_join(memory, argument, set->folder);
    if (!inside) return out_of_memory(e);
    *out = (cifar_files){.folder = is_folder(inside) ? inside : argument, .split = split};
    const char *const *names = strcmp(split, "train") == 0 ? set->train : set->test;
    for (int i = 0; names[i]; i++) {
        out->paths[out->n] = path_join(memory, out->folder, names[i]);
        if (!out->paths[out->n++]) return out_of_memory(e);
    }
    return STATUS_OK;
}

static status read_batches(const cifar_set *set, const cifar_files *files, bytes *batches, int *counts,
                           err *e) {
    for (int i = 0; i < files->n; i++) {
        status s = file_read(files->paths[i], LARGEST_FILE, &batches[i], e);
        if (s != STATUS_OK) return s;
        s = cifar_count(set->layout, batches[i].data, batches[i].size, &counts[i], e);
        if (s != STATUS_OK) return err_prefix(e, s, "%s", files->paths[i]);
    }
    return STATUS_OK;
}

/* Puts all batches together; `coarse` is malloc'ed where the layout has such labels. */
static status unpack_batches(const cifar_set *set, int files, const bytes *batches, const int *counts,
                             dataset *d, int32_t **coarse, err *e) {
    for (int i = 0; i < files; i++)
        d->n += counts[i]; /* no overflow: 5 files of at most 2^30 bytes */
    uint8_t *pixels = arena_array(&d->memory, (size_t)d->n, CIFAR_IMAGE);
    int32_t *labels = arena_array(&d->memory, (size_t)d->n, sizeof *labels);
    if (set->layout->coarse) *coarse = calloc((size_t)d->n, sizeof **coarse);
    if (!pixels || !labels || (set->layout->coarse && !*coarse)) return out_of_memory(e);
    d->pixels = pixels;
    d->labels = labels;
    for (int i = 0, at = 0; i < files; at += counts[i++])
        cifar_unpack(set->layout, batches[i].data, counts[i], pixels + (size_t)at * CIFAR_IMAGE, labels + at,
                     *coarse ? *coarse + at : NULL);
    return STATUS_OK;
}

static status load_batches(const cifar_set *set, const cifar_files *files, dataset *d, int32_t **coarse,
                           err *e) {
    bytes batches[MOST_FILES] = {{0}};
    int counts[MOST_FILES] = {0};
    status s = read_batches(set, files, batches, counts, e);
    if (s == STATUS_OK) s = unpack_batches(set, files->n, batches, counts, d, coarse, e);
    for (int i = 0; i < files->n; i++)
        bytes_free(&batches[i]);
    return s;
}

/* Splits a text into `count` lines (blank ones at the end do not count); NULL and an error where there are
 * others. */
static status split_lines(char *text, int count, const char **names, err *e) {
    int lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (lines < count) names[lines] = line;
        lines++;
    }
    return lines == count ? STATUS_OK : err_set(e, STATUS_BAD_FILE, "%d names, expected %d", lines, count);
}

/* Reads `count` names, one a line; *names stays as it is when the file is absent. */
static status read_names(const cifar_files *files, const char *file, int count, arena *memory,
                         const char *const **names, err *e) {
    enum { LARGEST = 1 << 16 };
    const char *path = files->folder && file ? path_join(memory, files->folder, file) : NULL;
    if (!path || !is_file(path)) return STATUS_OK;
    bytes content;
    status s = file_read(path, LARGEST, &content, e);
    if (s != STATUS_OK) return s;
    char *text = arena_strndup(memory, (const char *)content.data, content.size);
    const char **found = arena_array(memory, (size_t)count, sizeof *found);
    bytes_free(&content);
    if (!text || !found) return out_of_memory(e);
    s = split_lines(text, count, found, e);
    if (s != STATUS_OK) return err_prefix(e, s, "%s", path);
    *names = found;
    return STATUS_OK;
}

static status add_coarse(const cifar_set *set, const cifar_files *files, const int32_t *coarse, dataset *d,
                         err *e) {
    const char *const *names = NULL;
    status s = read_names(files, set->coarse_names, set->layout->coarse, &d->memory, &names, e);
    if (s != STATUS_OK) return s;
    const char **texts = calloc((size_t)d->n, sizeof *texts);
    s = texts ? STATUS_OK : out_of_memory(e);
    for (int i = 0; i < d->n && s == STATUS_OK; i++) {
        texts[i] = names ? names[coarse[i]] : arena_printf(&d->memory, "%d", coarse[i]);
        if (!texts[i]) s = out_of_memory(e);
    }
    d->columns.n_rows = d->n;
    if (s == STATUS_OK) s = table_add_texts(&d->columns, "coarse", texts, e);
    free(texts);
    return s;
}

static status load(const cifar_set *set, const open_options *o, const cifar_files *files, dataset *d,
                   err *e) {
    int32_t *coarse = NULL;
    d->image = (shape){CIFAR_SIDE, CIFAR_SIDE, 3};
    d->classes = set->layout->classes;
    d->class_names = set == &cifar10 ? cifar10_names : NULL;
    status s = load_batches(set, files, d, &coarse, e);
    if (s == STATUS_OK) s = read_names(files, set->class_names, d->classes, &d->memory, &d->class_names, e);
    if (s == STATUS_OK && coarse) s = add_coarse(set, files, coarse, d, e);
    if (s == STATUS_OK) s = open_finish(o, d, e);
    free(coarse);
    return s;
}

static status open_set(const cifar_set *set, const char *argument, const open_options *o, dataset *out,
                       err *e) {
    *out = (dataset){0};
    const char *split;
    cifar_files files;
    status s = open_split(o, &split, e);
    if (s == STATUS_OK) s = find_files(set, argument, split, &out->memory, &files, e);
    if (s == STATUS_OK) s = open_name(out, set->layout->name, argument, files.split, e);
    if (s == STATUS_OK) s = load(set, o, &files, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

status open_cifar10(const char *argument, const open_options *o, dataset *out, err *e) {
    return open_set(&cifar10, argument, o, out, e);
}

status open_cifar100(const char *argument, const open_options *o, dataset *out, err *e) {
    return open_set(&cifar100, argument, o, out, e);
}
