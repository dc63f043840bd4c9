/* The table of convolution kernels and the rule that chooses among them. */
#include "nets/kernels/conv_internal.h"

static const conv_kernel *const kernels[] = {&conv_narrow_avx512, &conv_direct_avx512, &conv_narrow_avx2,
                                             &conv_direct_avx2,   &conv_gemm,          &conv_plain};
static const conv_weights_kernel *const weights_kernels[] = {
    &conv_weights_direct_avx512, &conv_weights_direct_avx2, &conv_weights_gemm, &conv_weights_plain};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

const conv_kernel *conv_kernel_at(int k) {
    return k >= 0 && k < COUNT(kernels) ? kernels[k] : NULL;
}

const conv_weights_kernel *conv_weights_kernel_at(int k) {
    return k >= 0 && k < COUNT(weights_kernels) ? weights_kernels[k] : NULL;
}

const conv_kernel *conv_choose(kernel_choice choice, conv_pass pass, const conv_geometry *g) {
    if (choice == KERNEL_PORTABLE) return &conv_plain;
    bool avx512 = choice == KERNEL_AUTO || choice == KERNEL_AVX512,
         avx2 = choice == KERNEL_AUTO || choice == KERNEL_AVX2;
    if (avx512 && conv_direct_avx512.supports(pass, g)) return &conv_direct_avx512;
    if (avx2 && conv_direct_avx2.supports(pass, g)) return &conv_direct_avx2;
    return &conv_gemm;
}

const conv_weights_kernel *conv_weights_choose(kernel_choice choice, const conv_geometry *g) {
    (void)g;
    return choice == KERNEL_PORTABLE ? &conv_weights_plain : &conv_weights_gemm;
}
