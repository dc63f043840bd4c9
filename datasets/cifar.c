#include "datasets/cifar_internal.h"

#include <limits.h>
#include <stddef.h>

const cifar_layout cifar10_layout = {.name = "cifar10", .label_bytes = 1, .classes = 10};
const cifar_layout cifar100_layout = {.name = "cifar100", .label_bytes = 2, .classes = 100, .coarse = 20};

static size_t record_size(const cifar_layout *layout) {
    return (size_t)layout->label_bytes + CIFAR_IMAGE;
}

static status check_label(int row, const char *what, int label, int classes, err *e) {
    if (label < classes) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "record %d: %s %d, expected 0..%d", row, what, label, classes - 1);
}

status cifar_count(const cifar_layout *layout, const uint8_t *data, size_t size, int *n, err *e) {
    size_t record = record_size(layout), records = size / record;
    if (records == 0 || size % record != 0 || records > INT_MAX)
        return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected a multiple of the %zu of a %s record", size,
                       record, layout->name);
    *n = (int)records;
    for (int i = 0; i < *n; i++) {
        const uint8_t *labels = data + (size_t)i * record;
        status s = check_label(i, "label", labels[layout->label_bytes - 1], layout->classes, e);
        if (s == STATUS_OK && layout->coarse)
            s = check_label(i, "coarse label", labels[0], layout->coarse, e);
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

void cifar_unpack(const cifar_layout *layout, const uint8_t *data, int n, uint8_t *pixels, int32_t *labels,
                  int32_t *coarse) {
    for (int i = 0; i < n; i++) {
        const uint8_t *record = data + (size_t)i * record_size(layout),
                      *planes = record + layout->label_bytes;
        uint8_t *image = pixels + (size_t)i * CIFAR_IMAGE;
        labels[i] = record[layout->label_bytes - 1];
        if (coarse) coarse[i] = record[0];
        for (int k = 0; k < CIFAR_IMAGE; k++)
            image[k] = planes[k % 3 * CIFAR_PIXELS + k / 3];
    }
}
