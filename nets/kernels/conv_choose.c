/* The table of convolution kernels, fastest first, and the rule that chooses among them. */
#include "nets/kernels/conv_internal.h"

static const conv_kernel *const kernels[] = {&conv_depthwise,     &conv_winograd_avx512, &conv_winograd_avx2,
                                             &conv_direct_avx512, &conv_direct_avx2,     &conv_gemm,
                                             &conv_plain};
static const conv_weights_kernel *const weights_kernels[] = {
    &conv_weights_depthwise,     &conv_weights_winograd_avx512, &conv_weights_winograd_avx2,
    &conv_weights_direct_avx512, &conv_weights_direct_avx2,     &conv_weights_gemm,
    &conv_weights_plain};

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Fewer channels than this leave most lanes of a direct tile idle: measured, OpenBLAS is faster for the
 * gradient of a first layer. */
enum { NARROW = 5 };

const conv_kernel *conv_kernel_at(int k) {
    return k >= 0 && k < COUNT(kernels) ? kernels[k] : NULL;
}

const conv_weights_kernel *conv_weights_kernel_at(int k) {
    return k >= 0 && k < COUNT(weights_kernels) ? weights_kernels[k] : NULL;
}

static bool is_narrow(conv_pass pass, const conv_geometry *g) {
    return pass == CONV_BACKWARD_DATA && g->cin < NARROW;
}

static const conv_kernel *choose_winograd(kernel_choice choice, conv_pass pass, const conv_geometry *g) {
    if (choice == KERNEL_DIRECT || !conv_winograd_pays(pass, g)) return NULL;
    if (kernel_allows_avx512(choice) && conv_winograd_avx512.supports(pass, g)) return &conv_winograd_avx512;
    if (kernel_allows_avx2(choice) && conv_winograd_avx2.supports(pass, g)) return &conv_winograd_avx2;
    return NULL;
}

/* Depthwise wherever it applies; else Winograd where it pays, then direct with the widest vectors, but for gradients of narrow images;
 * then OpenBLAS. */
const conv_kernel *conv_choose(kernel_choice choice, conv_pass pass, const conv_geometry *g) {
    bool narrow = kernel_any_set(choice) && is_narrow(pass, g);
    if (conv_depthwise.supports(pass, g)) return &conv_depthwise;
    if (choice == KERNEL_PORTABLE) return &conv_plain;
    if (narrow) return &conv_gemm;
    const conv_kernel *winograd = choose_winograd(choice, pass, g);
    if (winograd) return winograd;
    if (kernel_allows_avx512(choice) && conv_direct_avx512.supports(pass, g)) return &conv_direct_avx512;
    if (kernel_allows_avx2(choice) && conv_direct_avx2.supports(pass, g)) return &conv_direct_avx2;
    return &conv_gemm;
}

static const conv_weights_kernel *choose_weights_winograd(kernel_choice choice, const conv_geometry *g) {
    if (choice == KERNEL_DIRECT || !conv_weights_winograd_pays(g)) return NULL;
    if (kernel_allows_avx512(choice) && conv_weights_winograd_avx512.supports(g))
        return &conv_weights_winograd_avx512;
    if (kernel_allows_avx2(choice) && conv_weights_winograd_avx2.supports(g))
        return &conv_weights_winograd_avx2;
    return NULL;
}

const conv_weights_kernel *conv_weights_choose(kernel_choice choice, const conv_geometry *g) {
    if (conv_weights_depthwise.supports(g)) return &conv_weights_depthwise;
    if (choice == KERNEL_PORTABLE) return &conv_weights_plain;
    const conv_weights_kernel *winograd = choose_weights_winograd(choice, g);
    if (winograd) return winograd;
    if (kernel_allows_avx512(choice) && conv_weights_direct_avx512.supports(g))
        return &conv_weights_direct_avx512;
    if (kernel_allows_avx2(choice) && conv_weights_direct_avx2.supports(g)) return &conv_weights_direct_avx2;
    return &conv_weights_gemm;
}
