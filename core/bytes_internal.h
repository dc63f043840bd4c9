/* Opening files that are to be read, for the readers in core. */
#ifndef CORE_BYTES_INTERNAL_H
#define CORE_BYTES_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Opens a regular file and gives its size; directories, pipes and devices are refused without blocking on
 * them. */
MUST_CHECK status file_open(const char *path, int *descriptor, uint64_t *size, err *e);

/* read() that goes on after interruptions and short reads; *got < size only at the end of the file. */
MUST_CHECK status file_fill(int descriptor, const char *path, void *buffer, size_t size, size_t *got, err *e);

#endif
