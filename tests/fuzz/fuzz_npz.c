/* Any bytes: refused, or arrays that can be found by their names. */
#include <stdint.h>
#include <stdlib.h>

#include "core/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    npz z;
    err e;
    if (npz_parse(data, size, 1 << 20, &z, &e) == STATUS_OK)
        for (int i = 0; i < z.n; i++)
            if (npz_find(&z, z.names[i]) != &z.arrays[i]) abort();
    npz_free(&z);
    return 0;
}
