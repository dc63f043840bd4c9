/* Tiles with AVX2 and FMA: 16 registers of 8 floats. */
#include "nets/kernels/direct_internal.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <string.h>

#include "nets/kernels/vector_avx2.h"

#include "nets/kernels/direct_tile.h"

/* clang-format off */
#define EACH_ROWS(X, s, v) \
    X(s, v, 1) X(s, v, 2) X(s, v, 3) X(s, v, 4) X(s, v, 5) X(s, v, 6)
/* clang-format on */
#define NAME(s, v, r) sum_##s##_##v##_##r,

EACH_ROWS(SUM, 1, 1)
EACH_ROWS(SUM, 1, 2)
EACH_ROWS(SUM, 16, 1)
EACH_ROWS(SUM, 16, 2)

const direct_ops direct_avx2 = {
    .lanes = LANES,
    .most_rows = {6, 6},
    .sum = {{{EACH_ROWS(NAME, 1, 1)}, {EACH_ROWS(NAME, 1, 2)}},
            {{EACH_ROWS(NAME, 16, 1)}, {EACH_ROWS(NAME, 16, 2)}}},
    .finish = finish,
    .sum_rows = {sum_rows_1, sum_rows_2},
    .linear_vectors = 1,
    .copy_pixels = copy_pixels,
};
#else
const direct_ops direct_avx2 = {0}; /* never entered: kernel_cpu_has_avx2 is false */
#endif
