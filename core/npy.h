/* NumPy files: .npy format 1.0 and 2.0, and .npz (zip of .npy, stored or deflated, no zip64). Little-endian
 * float32, float64, uint8, int32, int64, bool and fixed-width unicode or byte strings (S, U); C or Fortran
 * order in, C order out. Objects, big-endian and structured types are refused by name. Source:
 * numpy/lib/format.py's documented format. */
#ifndef CORE_NPY_H
#define CORE_NPY_H

#include <stdint.h>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/outfile.h"

typedef enum npy_type {
    NPY_F32,
    NPY_F64,
    NPY_U8,
    NPY_I32,
    NPY_I64,
    NPY_BOOL,
    NPY_BYTES,
    NPY_UNICODE
} npy_type;

enum { NPY_MAX_RANK = 8 };

typedef struct npy {
    npy_type type;
    int item_size; /* bytes per element; strings: 1 or 4 bytes a character */
    int rank;
    int64_t dims[NPY_MAX_RANK];
    int64_t count; /* product of dims, overflow-checked */
    uint8_t *data; /* count * item_size bytes, owned */
} npy;

MUST_CHECK status npy_parse(const uint8_t *data, size_t size, npy *out, err *e);
MUST_CHECK status npy_read_file(const char *path, npy *out, err *e); /* at most 8 GB */
void npy_free(npy *a);

typedef struct npz {
    int n;
    char **names; /* without ".npy" */
    npy *arrays;
} npz;

/* `cap` bounds the sum of inflated sizes (a zip bomb stops there). Duplicate names, wrong CRC and lying sizes
 * are errors. */
MUST_CHECK status npz_parse(const uint8_t *data, size_t size, size_t cap, npz *out, err *e);
MUST_CHECK status npz_read_file(const char *path, npz *out, err *e);
const npy *npz_find(const npz *z, const char *name); /* NULL when absent */
void npz_free(npz *z);

/* Element i as a double, whatever the numeric type; NAN for strings. */
double npy_number(const npy *a, int64_t i);

/* Element i of a string array as UTF-8, in `memory`; the zeros that pad it are dropped. STATUS_BAD_FILE for
 * an element that is no text (bytes that are not UTF-8, a code point that does not exist, a NUL inside) or an
 * array that is not of strings. */
MUST_CHECK status npy_text(const npy *a, int64_t i, arena *memory, const char **text, err *e);

/* Writing, format 1.0, C order. `data` is little-endian elements of `type` (numeric types only). */
MUST_CHECK status npy_write_file(const char *path, npy_type type, int rank, const int64_t *dims,
                                 const void *data, err *e);

typedef struct npz_entry {
    const char *name;
    npy_type type;
    int rank;
    int64_t dims[NPY_MAX_RANK];
    const void *data;
} npz_entry;

/* Deflated entries, no timestamps: equal content gives equal bytes. */
MUST_CHECK status npz_write_file(const char *path, const npz_entry *entries, int n, err *e);

#endif
