/* IDX images and labels. Whatever is accepted must lie inside the input. */
#include <stdlib.h>

#include "datasets/idx_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    err e;
    int n;
    shape image;
    const uint8_t *found;
    if (idx_parse_images(data, size, &n, &image, &found, &e) == STATUS_OK &&
        (n < 1 || found < data || found + (size_t)n * shape_size(image) != data + size))
        abort();
    if (idx_parse_labels(data, size, &n, &found, &e) == STATUS_OK && (n < 1 || found + n != data + size))
        abort();
    return 0;
}
