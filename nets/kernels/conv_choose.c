/* The table of convolution kernels and the rule that chooses among them. */
#include "nets/kernels/conv_internal.h"

static const conv_kernel *const kernels[] = {&conv_gemm, &conv_plain};
static const conv_weights_kernel *const weights_kernels[] = {&conv_weights_gemm, &conv_weights_plain};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

const conv_kernel *conv_kernel_at(int k) {
    return k >= 0 && k < COUNT(kernels) ? kernels[k] : NULL;
}

const conv_weights_kernel *conv_weights_kernel_at(int k) {
    return k >= 0 && k < COUNT(weights_kernels) ? weights_kernels[k] : NULL;
}

const conv_kernel *conv_choose(kernel_choice choice, conv_pass pass, const conv_geometry *g) {
    (void)pass, (void)g;
    return choice == KERNEL_PORTABLE ? &conv_plain : &conv_gemm;
}

const conv_weights_kernel *conv_weights_choose(kernel_choice choice, const conv_geometry *g) {
    (void)g;
    return choice == KERNEL_PORTABLE ? &conv_weights_plain : &conv_weights_gemm;
}
