/* Tiles with AVX-512: 32 registers of 16 floats. */
#include "nets/kernels/direct_internal.h"

#if defined(__AVX512F__)
#include <string.h>

#include "nets/kernels/vector_avx512.h"

#include "nets/kernels/direct_tile.h"

/* clang-format off */
#define EACH_ROWS(X, s, v) \
    X(s, v, 1) X(s, v, 2) X(s, v, 3) X(s, v, 4) X(s, v, 5) X(s, v, 6) X(s, v, 7) \
    X(s, v, 8) X(s, v, 9) X(s, v, 10) X(s, v, 11) X(s, v, 12) X(s, v, 13) X(s, v, 14)
/* clang-format on */
#define NAME(s, v, r) sum_##s##_##v##_##r,

EACH_ROWS(SUM, 1, 1)
EACH_ROWS(SUM, 1, 2)
EACH_ROWS(SUM, 16, 1)
EACH_ROWS(SUM, 16, 2)

const direct_ops direct_avx512 = {
    .lanes = LANES,
    .most_rows = {14, 14},
    .sum = {{{EACH_ROWS(NAME, 1, 1)}, {EACH_ROWS(NAME, 1, 2)}},
            {{EACH_ROWS(NAME, 16, 1)}, {EACH_ROWS(NAME, 16, 2)}}},
    .finish = finish,
    .sum_rows = {sum_rows_1, sum_rows_2},
    .linear_vectors = 2,
    .copy_pixels = copy_pixels,
};
#else
const direct_ops direct_avx512 = {0}; /* never entered: kernel_cpu_has_avx512 is false */
#endif
