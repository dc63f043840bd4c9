/* What a folder holds, in an order that does not depend on the file system. */
#ifndef DATASETS_LISTING_INTERNAL_H
#define DATASETS_LISTING_INTERNAL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/status.h"

typedef struct listing_entry {
    const char *name;
    bool is_folder; /* links are followed */
} listing_entry;

typedef struct listing {
    listing_entry *entries; /* sorted by bytes; names that begin with a dot are left out */
    int n;
} listing;

/* Reads the folder at `path`; names and entries live in `memory`. */
MUST_CHECK status listing_read(const char *path, arena *memory, listing *out, err *e);

bool is_folder(const char *path);
bool is_file(const char *path); /* a regular file, or a link to one */

/* "folder/name" in `memory`; NULL when memory is out. */
const char *path_join(arena *memory, const char *folder, const char *name);

/* The last part of a path without slashes at its end: "data" of "/a/data/". NULL when memory is out. */
const char *path_base(arena *memory, const char *path);

#endif
