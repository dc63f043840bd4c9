#include "datasets/named_internal.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/idx_internal.h"
#include "datasets/listing_internal.h"
#include "datasets/open_internal.h"

enum { CLASSES = 10, PLACES = 3 };

typedef struct named_set {
    const char *name, *advice; /* how to get it */
    const char *const *class_names;
} named_set;

static const char *const fashion_names[CLASSES] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
static const char *const digit_names[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static const named_set fashion_mnist = {"fashion-mnist", "install the Debian package dataset-fashion-mnist",
                                        fashion_names};
static const named_set mnist = {"mnist", "put its four IDX files into one of these folders", digit_names};

/* Where a set may lie, in the order in which it is looked for: what a user sets goes before what the system
 * has. */
static status find_places(const char *name, arena *memory, const char *places[PLACES], err *e) {
    const char *data = getenv("AUDIT_DATA"), *home = getenv("HOME");
    places[0] = arena_printf(memory, "%s/%s", data && *data ? data : "$AUDIT_DATA", name);
    places[1] = arena_printf(memory, "/usr/share/datasets/%s", name);
    places[2] = arena_printf(memory, "%s/.local/share/audit/%s", home && *home ? home : "~", name);
    return places[0] && places[1] && places[2] ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

static status find_folder(const named_set *set, arena *memory, const char **folder, err *e) {
    const char *places[PLACES];
    status s = find_places(set->name, memory, places, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < PLACES; i++) {
        *folder = places[i];
        if (is_folder(places[i])) return STATUS_OK;
    }
    return err_set(e, STATUS_IO, "%s is not installed: %s (tried %s, %s, %s)", set->name, set->advice,
                   places[0], places[1], places[2]);
}

static status load_named(const named_set *set, const open_options *o, const char *split, const char *folder,
                         dataset *d, err *e) {
    idx_files files;
    status s = idx_find(folder, split, !o->labels, &d->memory, &files, e);
    if (s == STATUS_OK) s = open_name(d, set->name, NULL, files.split, e);
    if (s != STATUS_OK) return s;
    d->classes = CLASSES;
    d->class_names = set->class_names;
    s = idx_load(&files, d, e);
    if (s != STATUS_OK) return s;
    s = open_finish(o, d, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", folder);
}

static status open_named(const named_set *set, const open_options *o, dataset *out, const char **split,
                         const char **folder, err *e) {
    *out = (dataset){0};
    status s = open_split(o, split, e);
    if (s == STATUS_OK) s = find_folder(set, &out->memory, folder, e);
    if (s == STATUS_OK) s = load_named(set, o, *split, *folder, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

status open_fashion_mnist(const char *argument, const open_options *o, dataset *out, err *e) {
    (void)argument;
    const char *split, *folder;
    return open_named(&fashion_mnist, o, out, &split, &folder, e);
}

status open_mnist(const char *argument, const open_options *o, dataset *out, err *e) {
    (void)argument;
    const char *split, *folder;
    status s = open_named(&mnist, o, out, &split, &folder, e);
    if (s != STATUS_OK || o->labels) return s; /* other labels: QMNIST's would not agree with them */
    s = qmnist_add_columns(out, folder, split, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

static bool has_both_splits(const named_set *set) {
    arena memory = {0};
    const char *folder;
    idx_files files;
    bool found = find_folder(set, &memory, &folder, NULL) == STATUS_OK &&
                 idx_find(folder, "train", true, &memory, &files, NULL) == STATUS_OK &&
                 idx_find(folder, "test", true, &memory, &files, NULL) == STATUS_OK;
    arena_free(&memory);
    return found;
}

bool named_available(const char *name) {
    if (strcmp(name, fashion_mnist.name) == 0) return has_both_splits(&fashion_mnist);
    return strcmp(name, mnist.name) == 0 && has_both_splits(&mnist);
}
