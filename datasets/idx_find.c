#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "datasets/idx_internal.h"
#include "datasets/listing_internal.h"

static bool ends_with(const char *text, size_t length, const char *end) {
    size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

static size_t length_without_gz(const char *name) {
    size_t length = strlen(name);
    return ends_with(name, length, ".gz") ? length - 3 : length;
}

static bool is_images(const char *name) {
    size_t length = length_without_gz(name);
    return ends_with(name, length, "idx3-ubyte") || ends_with(name, length, "idx4-ubyte");
}

static bool is_labels(const char *name) {
    return ends_with(name, length_without_gz(name), "idx1-ubyte");
}

/* The split that a word of the name says, "all" where none does. */
static const char *split_of(const char *name) {
    static const struct {
        const char *word, *split;
    } words[] = {
        {"train", "train"}, {"test", "test"}, {"t10k", "test"}, {"val", "val"}, {"validation", "val"}};
    for (const char *at = name; *at;) {
        size_t length = 0;
        while (isalnum((unsigned char)at[length]))
            length++;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (strlen(words[i].word) == length && memcmp(at, words[i].word, length) == 0)
                return words[i].split;
        at += length ? length : 1;
    }
    return "all";
}

/* Whether `b` is `a` with .gz at its end: the listing is sorted, so it comes behind. */
static bool is_packed_twin(const char *a, const char *b) {
    size_t length = strlen(a);
    return strncmp(a, b, length) == 0 && strcmp(b + length, ".gz") == 0;
}

/* The one file of its kind that belongs to `split`: none gives NULL, two are an error. */
static status pick(const char *folder, const listing *files, bool (*is_kind)(const char *name),
                   const char *split, const char **found, err *e) {
    *found = NULL;
    for (int i = 0; i < files->n; i++) {
        const char *name = files->entries[i].name;
        if (files->entries[i].is_folder || !is_kind(name) || strcmp(split_of(name), split) != 0) continue;
        if (*found && !is_packed_twin(*found, name))
            return err_set(e, STATUS_BAD_FILE, "%s: both %s and %s could be split %s, expected one", folder,
                           *found, name, split);
        if (!*found) *found = name;
    }
    return STATUS_OK;
}

static status not_found(const char *folder, const listing *files, const char *split, const char *what,
                        const char *ending, err *e) {
    char found[160] = "";
    for (int i = 0; i < files->n && strlen(found) + 1 < sizeof found; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%s", i ? ", " : "", files->entries[i].name);
    }
    const char *words = strcmp(split, "test") == 0 ? "t10k or test" : split;
    return err_set(
        e, STATUS_IO,
        "%s: no %s of split %s: tried *%s[.gz] with the word %s in the name, or a single pair; found %s",
        folder, what, split, ending, words, files->n ? found : "nothing");
}

static bool any_split(const listing *files) {
    for (int i = 0; i < files->n; i++) {
        const char *name = files->entries[i].name;
        if (is_images(name) && strcmp(split_of(name), "all") != 0) return true;
    }
    return false;
}

status idx_find(const char *folder, const char *split, bool need_labels, arena *memory, idx_files *out,
                err *e) {
    *out = (idx_files){0};
    listing files;
    const char *images = NULL, *labels = NULL;
    status s = listing_read(folder, memory, &files, e);
    if (s != STATUS_OK) return s;
    out->split = any_split(&files) ? split : "all";
    s = pick(folder, &files, is_images, out->split, &images, e);
    if (s == STATUS_OK && !images)
        s = not_found(folder, &files, split, "images", "idx3-ubyte or *idx4-ubyte", e);
    if (s == STATUS_OK && need_labels) s = pick(folder, &files, is_labels, out->split, &labels, e);
    if (s == STATUS_OK && need_labels && !labels)
        s = not_found(folder, &files, split, "labels", "idx1-ubyte", e);
    if (s != STATUS_OK) return s;
    out->images = path_join(memory, folder, images);
    out->labels = labels ? path_join(memory, folder, labels) : NULL;
    return out->images && (!labels || out->labels) ? STATUS_OK
                                                   : err_set(e, STATUS_NO_MEMORY, "out of memory");
}
