/* Columns in NumPy arrays. */
#ifndef DATASETS_NPZ_INTERNAL_H
#define DATASETS_NPZ_INTERNAL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/npy.h"

bool npy_is_text(const npy *a);

/* Whether the shape is (n) or (n, 1). */
bool npy_is_column(const npy *a, int n);

/* The n strings of a text array as UTF-8 in `memory`; code points that there are none of are STATUS_BAD_FILE.
 */
MUST_CHECK status npy_texts(const npy *a, int n, arena *memory, const char *const **texts, err *e);

#endif
