/* Plain loops compiled for wider vectors too, the widest that the CPU has chosen when the program starts. The arithmetic is the same, and without contraction
 * to fused operations the bits agree; sums must keep lanes of their own, since no compiler may reorder them. For static functions: clang wants it
 * at every declaration. */
#ifndef CORE_TWINS_H
#define CORE_TWINS_H

#if defined(__x86_64__) && defined(__linux__)
#define WIDER_TWINS __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDER_TWINS
#endif

#endif
