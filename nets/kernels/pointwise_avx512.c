#define POINTWISE_NAME pointwise_avx512
#include "nets/kernels/pointwise_tables.h"

#include "nets/kernels/pointwise_internal.h"
