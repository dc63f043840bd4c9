/* Vectors of AVX-512: 16 floats a vector. Included by the files compiled for it. */
#ifndef NETS_KERNELS_VECTOR_AVX512_H
#define NETS_KERNELS_VECTOR_AVX512_H

#include <immintrin.h>

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
static inline vec vec_all(float x) {
    return _mm512_set1_ps(x);
}
static inline vec vec_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}
static inline vec vec_subtract(vec a, vec b) {
    return _mm512_sub_ps(a, b);
}
static inline vec vec_multiply(vec a, vec b) {
    return _mm512_mul_ps(a, b);
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

#endif
