#include "nets/kernels/pointwise.h"

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/pointwise_tables.h"

const pointwise_ops *pointwise(void) {
    return kernel_cpu_has_avx512() ? &pointwise_avx512
           : kernel_cpu_has_avx2() ? &pointwise_avx2
                                   : &pointwise_plain;
}

const pointwise_ops *pointwise_at(int k) {
    const pointwise_ops *tables[] = {&pointwise_plain, kernel_cpu_has_avx2() ? &pointwise_avx2 : NULL,
                                     kernel_cpu_has_avx512() ? &pointwise_avx512 : NULL};
    return k >= 0 && k < 3 ? tables[k] : NULL;
}

void epilogue_apply(const epilogue *p, size_t count, int channels, float *v) {
    pointwise()->finish(p, count, channels, v, NULL, NULL, v);
}
