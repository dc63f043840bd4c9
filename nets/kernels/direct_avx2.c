/* Tiles with AVX2 and FMA: 16 registers of 8 floats. */
#include "nets/kernels/direct_internal.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#include <string.h>

typedef __m256 vec;
enum { LANES = 8 };

static inline vec vec_zero(void) {
    return _mm256_setzero_ps();
}
static inline vec vec_load(const float *p) {
    return _mm256_loadu_ps(p);
}
static inline void vec_store(float *p, vec v) {
    _mm256_storeu_ps(p, v);
}
static inline vec vec_broadcast(const float *p) {
    return _mm256_broadcast_ss(p);
}
static inline vec vec_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}
static inline vec vec_multiply_add(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}

/* The first n lanes; all of them without a mask, as masked stores are slow on many CPUs. */
typedef struct part {
    bool all;
    __m256i lanes;
} part;
static inline part vec_part(int n) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (part){n == LANES, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane)};
}
static inline vec vec_load_part(const float *p, part used) {
    return used.all ? vec_load(p) : _mm256_maskload_ps(p, used.lanes);
}
static inline void vec_store_part(float *p, part used, vec v) {
    if (used.all)
        vec_store(p, v);
    else
        _mm256_maskstore_ps(p, used.lanes, v);
}

static inline unsigned vec_positive(vec v) {
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, vec_zero(), _CMP_GT_OQ));
}
static inline vec vec_rectify(vec v) {
    return _mm256_and_ps(v, _mm256_cmp_ps(v, vec_zero(), _CMP_NLE_UQ));
}
static inline vec vec_keep(vec v, unsigned bits) {
    __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), lane), lane);
    return _mm256_and_ps(v, _mm256_castsi256_ps(set));
}

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
