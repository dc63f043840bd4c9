#include "core/blas.h"

#include <cblas.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/gemm_internal.h"

static matrix operand(const float *data, int ld, bool transpose) {
    return transpose ? (matrix){data, 1, (size_t)ld} : (matrix){data, (size_t)ld, 1};
}

void gemm(kernel_choice kernel, bool transpose_a, bool transpose_b, int m, int n, int k, float alpha,
          const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    if (m <= 0 || n <= 0) return;
    if (kernel == KERNEL_PORTABLE)
        gemm_portable(m, n, k, alpha, operand(a, lda, transpose_a), operand(b, ldb, transpose_b), beta, c,
                      (size_t)ldc);
    else
        cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                    transpose_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void blas_single_thread(void) {
    openblas_set_num_threads(1);
}

const char *blas_version(void) {
    static _Thread_local char version[32];
    const char *config = openblas_get_config(); /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." */
    size_t length = strcspn(config, " ");
    if (config[length]) length += 1 + strcspn(config + length + 1, " ");
    snprintf(version, sizeof version, "%.*s", (int)length, config);
    return version;
}

const char *blas_core(void) {
    return openblas_get_corename();
}

/* What the SkylakeX kernels use. */
static bool cpu_has_avx512(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
#else
    return false;
#endif
}

void blas_choose_core(char **argv) {
    static const char variable[] =
        "OPENBLAS_CORETYPE"; /* once set it also stops the restarted program from doing so again */
    bool avx2_core = strcmp(blas_core(), "Haswell") == 0 || strcmp(blas_core(), "Zen") == 0;
    if (getenv(variable) || !avx2_core || !cpu_has_avx512()) return;
    if (setenv(variable, "SkylakeX", 1) != 0) return;
    execv("/proc/self/exe", argv);
    unsetenv(variable); /* no restart: go on as we are */
}
