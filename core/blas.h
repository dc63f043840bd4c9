/* The one door to OpenBLAS, and its plain twin. */
#ifndef CORE_BLAS_H
#define CORE_BLAS_H

#include "core/run.h"

/* C (m x n) = alpha * op(A) (m x k) * op(B) (k x n) + beta * C, row-major, float32; ld = floats between rows. With beta = 0, C is
 * not read. KERNEL_PORTABLE: plain C whose sums run over k in ascending order, the same bits on every x86-64; every other
 * choice: OpenBLAS. With OpenBLAS the bits of a row can depend on its slot and on m: calls of m = 8 rows were found free of that
 * on every core type (tests/core/test_gemm_slots.c), other m are the caller's risk. m or n of 0 does nothing. */
void gemm(kernel_choice kernel, bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a,
          int lda, const float *b, int ldb, float beta, float *c, int ldc);

/* Holds OpenBLAS (pthread, OpenMP and serial flavours) to the calling thread. Call once on each thread that starts parallel
 * work, before its first gemm; cheap. The OpenMP flavour also lowers that thread's default of omp_get_max_threads. */
void blas_single_thread(void);

const char *blas_version(void); /* e.g. "OpenBLAS 0.3.21"; good while the calling thread lives */
const char *blas_core(void);    /* the core type OpenBLAS chose, e.g. "Haswell" */

/* OpenBLAS 0.3.21 does not know recent AMD cores and falls back to AVX2 there. Where this CPU has AVX-512, OPENBLAS_CORETYPE is
 * not set and OpenBLAS chose an AVX2 core, this restarts the program (execv of /proc/self/exe) with OPENBLAS_CORETYPE=SkylakeX; else it
 * returns. For the start of main only. */
void blas_choose_core(char **argv);

#endif
