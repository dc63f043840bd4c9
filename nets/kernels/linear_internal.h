/* The linear kernels in the table of linear_choose. */
#ifndef NETS_KERNELS_LINEAR_INTERNAL_H
#define NETS_KERNELS_LINEAR_INTERNAL_H

#include "nets/kernels/linear.h"

extern const linear_kernel linear_gemm, linear_plain, linear_direct_avx2, linear_direct_avx512;

#endif
