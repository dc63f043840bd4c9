/* The table of linear kernels, fastest first, and the rule that chooses among them: auto takes the widest
 * vectors that the CPU has. */
#include "nets/kernels/cpu_internal.h"
#include "nets/kernels/linear_internal.h"

static const linear_kernel *const kernels[] = {&linear_direct_avx512, &linear_direct_avx2, &linear_gemm,
                                               &linear_plain};

const linear_kernel *linear_kernel_at(int k) {
    return k >= 0 && k < (int)(sizeof kernels / sizeof kernels[0]) ? kernels[k] : NULL;
}

const linear_kernel *linear_choose(kernel_choice choice, linear_pass pass, int in, int out) {
    if (choice == KERNEL_PORTABLE) return &linear_plain;
    if (kernel_allows_avx512(choice) && linear_direct_avx512.supports(pass, in, out))
        return &linear_direct_avx512;
    if (kernel_allows_avx2(choice) && linear_direct_avx2.supports(pass, in, out)) return &linear_direct_avx2;
    return &linear_gemm;
}
