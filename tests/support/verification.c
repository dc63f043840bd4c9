#include "tests/support/verification.h"

#include <string.h>

#include "tests/support/test.h"

dataset verification_instance(const npz *z, int64_t i) {
    dataset d = {.name = "instance", .split = "test", .n = 1, .classes = 10, .image = {28, 28, 1}};
    uint8_t *pixels = arena_alloc(&d.memory, 784);
    int32_t *label = arena_array(&d.memory, 1, sizeof *label);
    memcpy(pixels, npz_find(z, "x0")->data + i * 784, 784);
    *label = (int32_t)npy_number(npz_find(z, "label"), i);
    d.pixels = pixels;
    d.labels = label;
    d.columns.n_rows = 1;
    err e = {{0}};
    assert_ok(dataset_finish(&d, &e), e);
    return d;
}
