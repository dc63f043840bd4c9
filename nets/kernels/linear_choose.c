/* The table of linear kernels and the rule that chooses among them. */
#include "nets/kernels/linear_internal.h"

static const linear_kernel *const kernels[] = {&linear_direct_avx512, &linear_direct_avx2, &linear_gemm,
                                               &linear_plain};

const linear_kernel *linear_kernel_at(int k) {
    return k >= 0 && k < (int)(sizeof kernels / sizeof kernels[0]) ? kernels[k] : NULL;
}

const linear_kernel *linear_choose(kernel_choice choice, linear_pass pass, int in, int out) {
    (void)pass, (void)in, (void)out;
    return choice == KERNEL_PORTABLE ? &linear_plain : &linear_gemm;
}
