#define POINTWISE_NAME pointwise_plain
#include "nets/kernels/pointwise_tables.h"

#include "nets/kernels/pointwise_internal.h"
