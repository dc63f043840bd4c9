/* Any bytes: refused, or a corpus whose entries are what others rely on. */
#include <stdlib.h>

#include "audit/corpus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    npz z;
    corpus c = {0};
    err e;
    if (npz_parse(data, size, 1 << 20, &z, &e) == STATUS_OK &&
        corpus_parse(&z, "fuzz", &c, &e) == STATUS_OK) {
        size_t floats = (size_t)c.n * shape_size(c.image);
        for (size_t i = 0; i < floats; i++)
            if (!(c.images[i] >= 0 && c.images[i] <= 1)) abort();
        for (int i = 1; i < c.n; i++)
            if (c.ids[i - 1] > c.ids[i]) abort();
    }
    corpus_free(&c);
    npz_free(&z);
    return 0;
}
