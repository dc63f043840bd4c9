/* Any bytes: refused, or an array whose every element can be read; those of strings are no numbers. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    npy a;
    err e;
    if (npy_parse(data, size, &a, &e) == STATUS_OK)
        for (int64_t i = 0; i < a.count; i++)
            if (!isnan(npy_number(&a, i)) && a.type >= NPY_BYTES) abort();
    npy_free(&a);
    return 0;
}
