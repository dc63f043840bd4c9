/* Output files that are whole or absent: written under a temporary name in the same folder, then renamed. */
#ifndef CORE_OUTFILE_H
#define CORE_OUTFILE_H

#include <stdio.h>

#include "core/status.h"

typedef struct outfile {
    FILE *file;       /* write here; errors may be left to outfile_commit */
    char *path, *temporary;
} outfile;

/* Opens `path` for writing. "-" is standard output. */
MUST_CHECK status outfile_open(outfile *o, const char *path, err *e);

/* Flushes, syncs, checks and renames. On failure (a full disk, say) the temporary file is removed and `path` is as it was. */
MUST_CHECK status outfile_commit(outfile *o, err *e);

/* Whether `path` can be written now, leaving it as it is: before long work whose result goes there. */
MUST_CHECK status outfile_check(const char *path, err *e);

/* Gives up: removes the temporary file. Does nothing after a commit or on a zeroed outfile. */
void outfile_discard(outfile *o);

/* The three calls in one. */
MUST_CHECK status outfile_write(const char *path, const void *data, size_t size, err *e);

#endif
