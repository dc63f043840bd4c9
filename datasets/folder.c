#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "datasets/listing_internal.h"
#include "datasets/open_internal.h"
#include "datasets/pictures_internal.h"

enum { SPLITS = 4 };

/* The folders that mean a split. */
static const struct {
    const char *folder, *split;
} split_folders[SPLITS] = {{"train", "train"}, {"test", "test"}, {"val", "val"}, {"validation", "val"}};

/* The images of a data set while they are found. */
typedef struct found_images {
    const char **paths, **files; /* on disk; and "class/name", as in the column `file` */
    int32_t *labels;
    int n, room;
} found_images;

static status out_of_memory(err *e) {
    return err_set(e, STATUS_NO_MEMORY, "out of memory");
}

static bool is_image_name(const char *name) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

/* The folder whose subfolders are the classes, and the split that it is: `argument` itself where it has no
 * folders of splits. */
static status find_root(const char *argument, const char *split, arena *memory, const char **root,
                        const char **found, err *e) {
    bool any = false;
    for (int i = 0; i < SPLITS; i++) {
        const char *path = path_join(memory, argument, split_folders[i].folder);
        if (!path) return out_of_memory(e);
        if (!is_folder(path)) continue;
        any = true;
        *root = path;
        *found = split;
        if (strcmp(split_folders[i].split, split) == 0) return STATUS_OK;
    }
    if (any) return err_set(e, STATUS_IO, "%s: no folder for split %s (found %s)", argument, split, *root);
    *root = argument;
    *found = "all";
    return STATUS_OK;
}

/* Adds the subfolders of one folder to the texts of classes; they may come twice. */
static status add_class_folders(const char *folder, arena *memory, const char ***names, int *n, err *e) {
    listing entries;
    status s = listing_read(folder, memory, &entries, e);
    if (s != STATUS_OK) return s;
    const char **larger = arena_array(memory, (size_t)*n + (size_t)entries.n, sizeof *larger);
    if (!larger) return out_of_memory(e);
    if (*n > 0) memcpy(larger, *names, (size_t)*n * sizeof *larger);
    *names = larger;
    for (int i = 0; i < entries.n; i++)
        if (entries.entries[i].is_folder) larger[(*n)++] = entries.entries[i].name;
    return STATUS_OK;
}

/* Numbers by value, before texts by bytes. */
static int compare_classes(const void *a, const void *b) {
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    int64_t x, y;
    bool left_number = text_integer(left, &x), right_number = text_integer(right, &y);
    if (left_number != right_number) return left_number ? -1 : 1;
    if (left_number && x != y) return x < y ? -1 : 1;
    return strcmp(left, right);
}

/* The classes are those of all splits, so that a class that one of them lacks moves no label. */
static status find_classes(const char *argument, const char *root, dataset *d, err *e) {
    const char **names = NULL;
    int n = 0;
    status s = STATUS_OK;
    for (int i = 0; i < SPLITS && root != argument && s == STATUS_OK; i++) {
        const char *path = path_join(&d->memory, argument, split_folders[i].folder);
        if (!path) return out_of_memory(e);
        if (is_folder(path)) s = add_class_folders(path, &d->memory, &names, &n, e);
    }
    if (root == argument) s = add_class_folders(root, &d->memory, &names, &n, e);
    if (s != STATUS_OK) return s;
    if (n == 0) return err_set(e, STATUS_BAD_FILE, "%s: no folders, expected one for each class", root);
    qsort(names, (size_t)n, sizeof *names, compare_classes);
    for (int i = 0; i < n; i++)
        if (i == 0 || strcmp(names[i], names[d->classes - 1]) != 0) names[d->classes++] = names[i];
    d->class_names = names;
    return STATUS_OK;
}

static bool grow(arena *memory, found_images *f) {
    int room = f->room ? 2 * f->room : 1024;
    const char **paths = arena_array(memory, (size_t)room, sizeof *paths),
               **files = arena_array(memory, (size_t)room, sizeof *files);
    int32_t *labels = arena_array(memory, (size_t)room, sizeof *labels);
    if (!paths || !files || !labels) return false;
    for (int i = 0; i < f->n; i++) {
        paths[i] = f->paths[i];
        files[i] = f->files[i];
        labels[i] = f->labels[i];
    }
    *f = (found_images){paths, files, labels, f->n, room};
    return true;
}

static status add_image(arena *memory, const char *root, const char *class_name, const char *name,
                        int32_t label, found_images *f, err *e) {
    enum { MOST = 1 << 27 };
    if (f->n == MOST) return err_set(e, STATUS_BAD_FILE, "%s: more than %d images", root, (int)MOST);
    if (f->n == f->room && !grow(memory, f)) return out_of_memory(e);
    const char *file = path_join(memory, class_name, name);
    const char *path = file ? path_join(memory, root, file) : NULL;
    if (!path) return out_of_memory(e);
    if (!text_is_utf8(file, strlen(file)))
        return err_set(e, STATUS_BAD_FILE, "%s: a file name is not UTF-8", root);
    f->files[f->n] = file;
    f->paths[f->n] = path;
    f->labels[f->n++] = label;
    return STATUS_OK;
}

static status find_images(const char *root, const dataset *d, arena *memory, found_images *f, err *e) {
    status s = STATUS_OK;
    for (int k = 0; k < d->classes && s == STATUS_OK; k++) {
        listing entries = {0};
        const char *folder = path_join(memory, root, d->class_names[k]);
        if (!folder) return out_of_memory(e);
        if (is_folder(folder)) s = listing_read(folder, memory, &entries, e);
        for (int i = 0; i < entries.n && s == STATUS_OK; i++)
            if (!entries.entries[i].is_folder && is_image_name(entries.entries[i].name))
                s = add_image(memory, root, d->class_names[k], entries.entries[i].name, k, f, e);
    }
    if (s == STATUS_OK && f->n == 0)
        s = err_set(e, STATUS_BAD_FILE, "%s: no .png, .jpg or .jpeg file in its %d folders", root,
                    d->classes);
    return s;
}

static status load(const char *argument, const open_options *o, dataset *d, arena *scratch, err *e) {
    const char *split, *root = argument;
    found_images f = {0};
    status s = open_split(o, &split, e);
    if (s == STATUS_OK) s = find_root(argument, split, &d->memory, &root, &split, e);
    if (s == STATUS_OK) s = open_name(d, "folder", argument, split, e);
    if (s == STATUS_OK) s = find_classes(argument, root, d, e);
    if (s == STATUS_OK) s = find_images(root, d, scratch, &f, e);
    if (s != STATUS_OK) return s;
    d->n = d->columns.n_rows = f.n;
    int32_t *labels = arena_array(&d->memory, (size_t)f.n, sizeof *labels);
    if (!labels) return out_of_memory(e);
    memcpy(labels, f.labels, (size_t)f.n * sizeof *labels);
    d->labels = labels;
    s = pictures_read(f.paths, o, d, e);
    if (s == STATUS_OK) s = table_add_texts(&d->columns, "file", f.files, e);
    return s == STATUS_OK ? open_finish(o, d, e) : s;
}

status open_folder(const char *argument, const open_options *o, dataset *out, err *e) {
    *out = (dataset){0};
    arena scratch = {0};
    status s = load(argument, o, out, &scratch, e);
    arena_free(&scratch);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}
