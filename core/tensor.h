/* A view of float32 values in NHWC order: n samples of h rows, w columns, c channels, channel fastest. Never owns. */
#ifndef CORE_TENSOR_H
#define CORE_TENSOR_H

#include <stddef.h>

/* Shape of one sample. Vectors have h = w = 1. */
typedef struct shape {
    int h, w, c;
} shape;

typedef struct tensor {
    float *data;
    int n;
    shape s;
} tensor;

static inline size_t shape_size(shape s) { return (size_t)s.h * (size_t)s.w * (size_t)s.c; }

static inline float *tensor_row(tensor t, int row) { return t.data + (size_t)row * shape_size(t.s); }

static inline _Bool shape_equal(shape a, shape b) { return a.h == b.h && a.w == b.w && a.c == b.c; }

#endif
