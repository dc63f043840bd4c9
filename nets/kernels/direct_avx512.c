/* Tiles with AVX-512: 32 registers of 16 floats. */
#include "nets/kernels/direct_internal.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#include <string.h>

typedef __m512 vec;
enum { LANES = 16 };

static inline vec vec_zero(void) {
    return _mm512_setzero_ps();
}
static inline vec vec_load(const float *p) {
    return _mm512_loadu_ps(p);
}
static inline void vec_store(float *p, vec v) {
    _mm512_storeu_ps(p, v);
}
static inline vec vec_broadcast(const float *p) {
    return _mm512_set1_ps(*p);
}
static inline vec vec_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}
static inline vec vec_multiply_add(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}

/* The first n lanes. */
typedef __mmask16 part;
static inline part vec_part(int n) {
    return (part)((1u << n) - 1);
}
static inline vec vec_load_part(const float *p, part used) {
    return _mm512_maskz_loadu_ps(used, p);
}
static inline void vec_store_part(float *p, part used, vec v) {
    _mm512_mask_storeu_ps(p, used, v);
}

static inline unsigned vec_positive(vec v) {
    return _mm512_cmp_ps_mask(v, vec_zero(), _CMP_GT_OQ);
}
static inline vec vec_rectify(vec v) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, vec_zero(), _CMP_NLE_UQ), v);
}
static inline vec vec_keep(vec v, unsigned bits) {
    return _mm512_maskz_mov_ps((__mmask16)bits, v);
}

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
