/* Winograd transforms with AVX2. */
#include "nets/kernels/winograd_internal.h"

#if defined(__AVX2__) && defined(__FMA__)
#include "nets/kernels/vector_avx2.h"
#include "nets/kernels/winograd_tile.h"

const winograd_ops winograd_avx2 = {&direct_avx2, input, output, weights, spread, taps};
#else
const winograd_ops winograd_avx2 = {0}; /* never entered: kernel_cpu_has_avx2 is false */
#endif
