/* Which instruction sets this CPU has, and a choice allows. */
#ifndef NETS_KERNELS_CPU_INTERNAL_H
#define NETS_KERNELS_CPU_INTERNAL_H

#include "core/run.h"

bool kernel_cpu_has_avx2(void);
bool kernel_cpu_has_avx512(void);

/* The choice leaves the instruction set to us, or names it. */
static inline bool kernel_any_set(kernel_choice choice) {
    return choice == KERNEL_AUTO || choice == KERNEL_DIRECT;
}
static inline bool kernel_allows_avx2(kernel_choice choice) {
    return kernel_any_set(choice) || choice == KERNEL_AVX2;
}
static inline bool kernel_allows_avx512(kernel_choice choice) {
    return kernel_any_set(choice) || choice == KERNEL_AVX512;
}

#endif
