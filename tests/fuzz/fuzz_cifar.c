/* CIFAR records: counted, checked, unpacked. */
#include <stdlib.h>

#include "datasets/cifar_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(const cifar_layout *layout, const uint8_t *data, size_t size) {
    err e;
    int n;
    if (cifar_count(layout, data, size, &n, &e) != STATUS_OK) return;
    uint8_t *pixels = malloc((size_t)n * CIFAR_IMAGE);
    int32_t *labels = calloc((size_t)n, sizeof *labels), *coarse = calloc((size_t)n, sizeof *coarse);
    if (pixels && labels && coarse)
        cifar_unpack(layout, data, n, pixels, labels, layout->coarse ? coarse : NULL);
    for (int i = 0; labels && i < n; i++)
        if (labels[i] < 0 || labels[i] >= layout->classes) abort();
    free(pixels);
    free(labels);
    free(coarse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    unpack(&cifar10_layout, data, size);
    unpack(&cifar100_layout, data, size);
    return 0;
}
