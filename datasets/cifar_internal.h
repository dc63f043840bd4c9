/* CIFAR's binary records: one or two label bytes, then 32 x 32 bytes of red, of green and of blue. */
#ifndef DATASETS_CIFAR_INTERNAL_H
#define DATASETS_CIFAR_INTERNAL_H

#include "core/bytes.h"

enum { CIFAR_SIDE = 32, CIFAR_PIXELS = CIFAR_SIDE * CIFAR_SIDE, CIFAR_IMAGE = 3 * CIFAR_PIXELS };

typedef struct cifar_layout {
    const char *name;
    int label_bytes; /* CIFAR-100: the coarse label, then the fine one */
    int classes;     /* of the last label byte */
    int coarse;      /* of the first where there are two, else 0 */
} cifar_layout;

extern const cifar_layout cifar10_layout, cifar100_layout;

/* Records in `size` bytes; STATUS_BAD_FILE unless they fill it and all labels are in range. */
MUST_CHECK status cifar_count(const cifar_layout *layout, const uint8_t *data, size_t size, int *n, err *e);

/* Unpacks n records that cifar_count has seen: pixels n x 32 x 32 x 3, labels n, coarse n (NULL where there
 * is none). */
void cifar_unpack(const cifar_layout *layout, const uint8_t *data, int n, uint8_t *pixels, int32_t *labels,
                  int32_t *coarse);

#endif
