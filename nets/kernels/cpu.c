/* Which instruction sets this CPU has. */
#include "nets/kernels/conv_internal.h"

#if defined(__x86_64__)
bool kernel_cpu_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool kernel_cpu_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool kernel_cpu_has_avx2(void) {
    return false;
}
bool kernel_cpu_has_avx512(void) {
    return false;
}
#endif

status kernel_available(kernel_choice choice, err *e) {
    bool has = choice == KERNEL_AVX2     ? kernel_cpu_has_avx2()
               : choice == KERNEL_AVX512 ? kernel_cpu_has_avx512()
                                         : true;
    if (has) return STATUS_OK;
    return err_set(e, STATUS_UNSUPPORTED,
                   "kernel %s: this CPU does not have that instruction set; auto always works",
                   kernel_choice_name(choice));
}
