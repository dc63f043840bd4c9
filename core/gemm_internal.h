/* The matrix product in plain C behind KERNEL_PORTABLE. */
#ifndef CORE_GEMM_INTERNAL_H
#define CORE_GEMM_INTERNAL_H

#include <stddef.h>

/* A matrix of any layout: element (i, j) is data[i * row + j * column]. */
typedef struct matrix {
    const float *data;
    size_t row, column;
} matrix;

/* C = alpha * A (m x k) * B (k x n) + beta * C; C is row-major with ldc floats between rows and is not read
 * when beta is 0. Every element is one float32 sum over k in ascending order from 0, then scaled, whatever m,
 * n and the blocking are; every product and sum is rounded on its own. So its bits are the same for any slot,
 * compiler and instruction set. */
void gemm_portable(int m, int n, int k, float alpha, matrix a, matrix b, float beta, float *c, size_t ldc);

#endif
