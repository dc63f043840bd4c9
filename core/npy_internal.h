/* What reading and writing npy and npz share. */
#ifndef CORE_NPY_INTERNAL_H
#define CORE_NPY_INTERNAL_H

#include "core/npy.h"

enum { NPY_HEADER_MAX = 512 };

/* How a numeric type is named in files, and its bytes per element; NULL for the string types. */
const char *npy_type_descr(npy_type type, int *item_size);

/* Elements and bytes of an array; false when they, or the product of the dimensions that are not zero, do not
 * fit. */
bool npy_measure(const int64_t *dims, int rank, int item_size, int64_t *elements, size_t *size);

/* A format 1.0 header of *size bytes, padded so that data begins at a multiple of 64; *data_size bytes of
 * data are to follow. STATUS_USAGE for a type, rank or shape that cannot be written. */
MUST_CHECK status npy_header(npy_type type, int rank, const int64_t *dims, char header[NPY_HEADER_MAX],
                             size_t *size, size_t *data_size, err *e);

#endif
