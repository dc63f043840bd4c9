/* Vectors of AVX2: 8 floats a vector. Included by the files compiled for it. */
#ifndef NETS_KERNELS_VECTOR_AVX2_H
#define NETS_KERNELS_VECTOR_AVX2_H

#include <immintrin.h>

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
static inline vec vec_all(float x) {
    return _mm256_set1_ps(x);
}
static inline vec vec_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}
static inline vec vec_subtract(vec a, vec b) {
    return _mm256_sub_ps(a, b);
}
static inline vec vec_multiply(vec a, vec b) {
    return _mm256_mul_ps(a, b);
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

#endif
