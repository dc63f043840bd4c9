#ifndef NETS_KERNELS_POINTWISE_TABLES_H
#define NETS_KERNELS_POINTWISE_TABLES_H

#include "nets/kernels/pointwise.h"

extern const pointwise_ops pointwise_plain, pointwise_avx2, pointwise_avx512;

#endif
