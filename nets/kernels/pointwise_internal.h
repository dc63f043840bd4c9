/* The body of pointwise_<set>.c, compiled once per instruction set: POINTWISE_NAME is the table it defines. */
#include <string.h>

#include "nets/kernels/pointwise.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

enum { LANES = 16, BLOCK = 32 }; /* pixels summed in float32 before they go into a double */

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t int_lanes __attribute__((vector_size(64)));
typedef uint8_t byte_lanes __attribute__((vector_size(16)));

/* Sixteen values, or the first n of them and zeros. */
static inline lanes load(const float *p, size_t n) {
    lanes v = {0};
    if (n >= LANES)
        memcpy(&v, p, sizeof v);
    else
        memcpy(&v, p, n * sizeof *p);
    return v;
}

static inline void store(float *p, size_t n, lanes v) {
    if (n >= LANES)
        memcpy(p, &v, sizeof v);
    else
        memcpy(p, &v, n * sizeof *p);
}

static inline lanes chosen(int_lanes which, lanes yes, lanes no) {
    return (lanes)((which & (int_lanes)yes) | (~which & (int_lanes)no));
}

/* Written so that a NaN stays: it is not <= 0. */
static inline lanes rectified(lanes v) {
    return chosen(v <= 0, (lanes){0}, v);
}

static inline unsigned positive_bits(lanes v) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_GT_OQ);
#elif defined(__AVX2__)
    __m256 half[2];
    memcpy(half, &v, sizeof v);
    unsigned low = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(half[0], _mm256_setzero_ps(), _CMP_GT_OQ));
    unsigned high = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(half[1], _mm256_setzero_ps(), _CMP_GT_OQ));
    return low | high << 8;
#else
    unsigned bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= (unsigned)(v[i] > 0) << i;
    return bits;
#endif
}

static inline lanes gated(lanes v, unsigned bits) {
    static const int_lanes bit = {1,   2,   4,    8,    16,   32,   64,    128,
                                  256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    int_lanes set = (int_lanes){0} + (int32_t)bits;
    return chosen((set & bit) != 0, v, (lanes){0});
}

static inline unsigned read_bits(const uint8_t *mask, size_t n) {
    return n > 8 ? mask[0] | (unsigned)mask[1] << 8 : mask[0];
}

static inline void write_bits(uint8_t *mask, size_t n, unsigned bits) {
    mask[0] = (uint8_t)bits;
    if (n > 8) mask[1] = (uint8_t)(bits >> 8);
}

/* Values [i, i + n), n <= LANES, whose channel constants begin at channel c. */
static inline void finish_some(const epilogue *p, size_t i, size_t n, size_t c, const float *x,
                               const float *scale, const float *shift, float *y) {
    lanes v = load(x + i, n);
    if (scale) v = v * load(scale + c, n) + load(shift + c, n);
    if (p->bias) v += load(p->bias + c, n);
    if (p->addend) v += load(p->addend + i, n);
    if (p->relu) {
        if (p->mask) write_bits(p->mask + i / 8, n, positive_bits(v));
        v = rectified(v);
    }
    if (p->gate) v = gated(v, read_bits(p->gate + i / 8, n));
    store(y + i, n, v);
}

/* Channel constants of LANES values in a row when the channels do not divide evenly: gathered one by one. */
static void finish_uneven(const epilogue *p, size_t count, size_t channels, const float *x,
                          const float *scale, const float *shift, float *y) {
    for (size_t i = 0; i < count; i += LANES) {
        float constants[3][LANES] = {{0}};
        size_t n = count - i < LANES ? count - i : LANES;
        for (size_t j = 0; j < n; j++) {
            size_t c = (i + j) % channels;
            if (scale) constants[0][j] = scale[c];
            if (scale) constants[1][j] = shift[c];
            if (p->bias) constants[2][j] = p->bias[c];
        }
        epilogue here = *p;
        here.bias = p->bias ? constants[2] : NULL;
        finish_some(&here, i, n, 0, x, scale ? constants[0] : NULL, constants[1], y);
    }
}

static void finish(const epilogue *p, size_t count, int channels, const float *x, const float *scale,
                   const float *shift, float *y) {
    bool constants = scale || p->bias;
    size_t width = (size_t)channels, whole = count / LANES * LANES;
    if (constants && width % LANES) {
        finish_uneven(p, count, width, x, scale, shift, y);
        return;
    }
    for (size_t i = 0, c = 0; i < whole; i += LANES) {
        finish_some(p, i, LANES, c, x, scale, shift, y);
        c = c + LANES >= width ? 0 : c + LANES;
    }
    if (whole < count) finish_some(p, whole, count - whole, 0, x, scale, shift, y);
}

static inline size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void sum(size_t pixels, int channels, const float *x, const float *centre, double *sums) {
    size_t width = (size_t)channels;
    for (size_t c = 0; c < width; c += LANES) {
        size_t n = least(width - c, LANES);
        lanes middle = centre ? load(centre + c, n) : (lanes){0};
        double total[LANES] = {0};
        for (size_t p = 0; p < pixels; p += BLOCK) {
            lanes block = {0};
            for (size_t q = p; q < least(p + BLOCK, pixels); q++) {
                lanes v = load(x + q * width + c, n) - middle;
                block += centre ? v * v : v;
            }
            for (size_t i = 0; i < n; i++)
                total[i] += (double)block[i];
        }
        memcpy(sums + c, total, n * sizeof *sums);
    }
}

static void sum_products(size_t pixels, int channels, const float *dy, const float *x, const float *centre,
                         double *sums, double *products) {
    size_t width = (size_t)channels;
    for (size_t c = 0; c < width; c += LANES) {
        size_t n = least(width - c, LANES);
        lanes middle = load(centre + c, n);
        for (size_t p = 0; p < pixels; p += BLOCK) {
            lanes plain = {0}, product = {0};
            for (size_t q = p; q < least(p + BLOCK, pixels); q++) {
                lanes g = load(dy + q * width + c, n);
                plain += g;
                product += g * (load(x + q * width + c, n) - middle);
            }
            for (size_t i = 0; i < n; i++) {
                sums[c + i] += (double)plain[i];
                products[c + i] += (double)product[i];
            }
        }
    }
}

static void norm_backward(size_t pixels, int channels, const float *dy, const float *x, const float *centre,
                          const float *a, const float *b, const float *k, float *dx) {
    size_t width = (size_t)channels;
    for (size_t p = 0; p < pixels * width; p += width)
        for (size_t c = 0; c < width; c += LANES) {
            size_t n = least(width - c, LANES);
            lanes away = load(x + p + c, n) - load(centre + c, n);
            store(dx + p + c, n,
                  load(a + c, n) * load(dy + p + c, n) + load(b + c, n) * away + load(k + c, n));
        }
}

static void maximum(int channels, int n, const float *const *pixels, const uint8_t *positions, float *y,
                    uint8_t *which) {
    size_t width = (size_t)channels;
    for (size_t c = 0; c < width; c += LANES) {
        size_t some = least(width - c, LANES);
        lanes best = load(pixels[0] + c, some);
        int_lanes at = (int_lanes){0} + (int32_t)positions[0];
        for (int k = 1; k < n; k++) {
            lanes v = load(pixels[k] + c, some);
            int_lanes larger = (v > best) | (v != v), here = (int_lanes){0} + (int32_t)positions[k];
            best = chosen(larger, v, best);
            at = (larger & here) | (~larger & at);
        }
        store(y + c, some, best);
        if (!which) continue;
        byte_lanes small = __builtin_convertvector(at, byte_lanes);
        memcpy(which + c, &small, some);
    }
}

const pointwise_ops POINTWISE_NAME = {finish, sum, sum_products, norm_backward, maximum};
