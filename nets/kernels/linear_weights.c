/* A matrix product over the batch is large and well shaped: OpenBLAS is as fast as tiles of our own, measured. */
#include "core/blas.h"
#include "nets/kernels/linear.h"

void linear_weights(kernel_choice choice, int n, int in, int out, const float *x, const float *dy, int first,
                    int count, float *dw, float *db) {
    kernel_choice kernel = choice == KERNEL_PORTABLE ? KERNEL_PORTABLE : KERNEL_OPENBLAS;
    gemm(kernel, true, false, count, in, n, 1, dy + first, out, x, in, 0, dw + (size_t)first * (size_t)in,
         in);
    if (!db) return;
    for (int o = first; o < first + count; o++)
        db[o] = 0;
    for (int i = 0; i < n; i++)
        for (int o = first; o < first + count; o++)
            db[o] += dy[(size_t)i * (size_t)out + (size_t)o];
}
