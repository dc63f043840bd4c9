/* safetensors: 8-byte little-endian header length, a JSON header, then the tensors' bytes. The whole specification is enforced:
 * header at most 100 MB and starting with '{', no duplicate keys, offsets without holes or overlaps that end at the file's
 * end, shape x dtype = size. `__metadata__` maps strings to strings. */
#ifndef CORE_SAFETENSORS_H
#define CORE_SAFETENSORS_H

#include <stdint.h>

#include "core/bytes.h"
#include "core/json.h"

enum { SAFETENSORS_MAX_RANK = 8 };

typedef struct st_tensor {
    const char *name;
    char dtype[8];             /* "F32", "F64", "F16", "BF16", "I64", "U8", ... as in the file */
    int rank;
    int64_t dims[SAFETENSORS_MAX_RANK];
    int64_t count;
    const uint8_t *data;       /* inside the file's bytes; alignment not guaranteed: memcpy */
    size_t size;
} st_tensor;

typedef struct safetensors {
    int n;
    st_tensor *tensors;        /* in the order of the header */
    json *header;              /* owned */
    bytes file;                /* owned */
} safetensors;

/* Takes over `file` on success. */
MUST_CHECK status safetensors_parse(bytes file, safetensors *out, err *e);
MUST_CHECK status safetensors_read_file(const char *path, safetensors *out, err *e); /* at most 4 GB */
const st_tensor *safetensors_find(const safetensors *s, const char *name);
const char *safetensors_metadata(const safetensors *s, const char *key); /* NULL when absent */

/* Copies as float32 (from F32, F64, F16, BF16); STATUS_UNSUPPORTED for other types. */
MUST_CHECK status st_tensor_floats(const st_tensor *t, float *out, err *e);
void safetensors_free(safetensors *s);

typedef struct st_entry {
    const char *name;
    int rank;
    int64_t dims[SAFETENSORS_MAX_RANK];
    const float *data;         /* float32; use either this or ints */
    const int64_t *ints;       /* I64, for counters such as num_batches_tracked */
} st_entry;

/* Atomic. The header names the tensors in the given order and is padded with spaces so that the data begins at a multiple of
 * 64; in the data the ints come first, so that every tensor is aligned to its element. `metadata` is an object of strings or
 * NULL. Equal content gives equal bytes. */
MUST_CHECK status safetensors_write_file(const char *path, const st_entry *entries, int n, const json *metadata, err *e);

#endif
