#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/listing_internal.h"

bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

const char *path_join(arena *memory, const char *folder, const char *name) {
    return arena_printf(memory, "%s/%s", folder, name);
}

const char *path_base(arena *memory, const char *path) {
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t first = end;
    while (first > 0 && path[first - 1] != '/')
        first--;
    return arena_strndup(memory, path + first, end - first);
}

static int compare_entries(const void *a, const void *b) {
    return strcmp(((const listing_entry *)a)->name, ((const listing_entry *)b)->name);
}

/* Doubles the room in `out`, which the arena keeps. */
static bool grow(arena *memory, listing *out, int *room) {
    int larger = *room ? 2 * *room : 64;
    listing_entry *entries = arena_array(memory, (size_t)larger, sizeof *entries);
    if (!entries) return false;
    if (out->n > 0) memcpy(entries, out->entries, (size_t)out->n * sizeof *entries);
    out->entries = entries;
    *room = larger;
    return true;
}

static status read_entries(DIR *folder, const char *path, arena *memory, listing *out, err *e) {
    enum { MOST = 1 << 26 };
    int room = 0;
    errno = 0;
    for (struct dirent *found; (found = readdir(folder)); errno = 0) {
        if (found->d_name[0] == '.') continue;
        if (out->n == MOST) return err_set(e, STATUS_BAD_FILE, "%s: more than %d files", path, MOST);
        if (out->n == room && !grow(memory, out, &room)) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        const char *name = arena_strdup(memory, found->d_name),
                   *full = path_join(memory, path, found->d_name);
        if (!name || !full) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        out->entries[out->n++] = (listing_entry){.name = name, .is_folder = is_folder(full)};
    }
    if (errno) return err_set(e, STATUS_IO, "%s: cannot read the folder: %s", path, strerror(errno));
    return STATUS_OK;
}

status listing_read(const char *path, arena *memory, listing *out, err *e) {
    *out = (listing){0};
    DIR *folder = opendir(path);
    if (!folder) return err_set(e, STATUS_IO, "%s: cannot open the folder: %s", path, strerror(errno));
    status s = read_entries(folder, path, memory, out, e);
    closedir(folder);
    if (s == STATUS_OK && out->n > 1)
        qsort(out->entries, (size_t)out->n, sizeof *out->entries, compare_entries);
    return s;
}
