/* Winograd transforms with AVX-512. */
#include "nets/kernels/winograd_internal.h"

#if defined(__AVX512F__)
#include "nets/kernels/vector_avx512.h"
#include "nets/kernels/winograd_tile.h"

const winograd_ops winograd_avx512 = {&direct_avx512, input, output, weights, spread, taps};
#else
const winograd_ops winograd_avx512 = {0}; /* never entered: kernel_cpu_has_avx512 is false */
#endif
