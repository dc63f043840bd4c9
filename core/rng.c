#include <math.h>

#include "core/rng_internal.h"

void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The output function of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that spreads every input
 * bit. */
static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* FNV-1a, 64 bits. */
static uint64_t hash_text(const char *text) {
    uint64_t h = 0xCBF29CE484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001B3u;
    return h;
}

uint64_t seed_derive(uint64_t seed, const char *purpose, uint64_t index) {
    return mix(mix(mix(seed) ^ hash_text(purpose)) + index);
}

rng rng_stream(uint64_t seed, const char *purpose, uint32_t layer, uint32_t row, uint32_t epoch,
               uint32_t step) {
    uint64_t key = seed_derive(seed, purpose, layer);
    return (rng){.key = {(uint32_t)key, (uint32_t)(key >> 32)}, .counter = {row, epoch, step, 0}, .used = 4};
}

uint32_t rng_u32(rng *r) {
    if (r->used == 4) {
        philox4x32_10(r->counter, r->key, r->block);
        r->counter[3]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

float rng_uniform(rng *r) {
    return (float)(rng_u32(r) >> 8) * 0x1p-24f;
}

double rng_uniform_double(rng *r) {
    uint64_t high = rng_u32(r) >> 5; /* 27 bits */
    uint64_t low = rng_u32(r) >> 6;  /* 26 bits */
    return (double)(high << 26 | low) * 0x1p-53;
}

float rng_range(rng *r, float lo, float hi) {
    float x = lo + (hi - lo) * rng_uniform(r);
    return x < hi ? x : fmaxf(lo, nextafterf(hi, lo)); /* the sum may round up to hi */
}

/* Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019, algorithm 5. */
uint32_t rng_below(rng *r, uint32_t n) {
    uint64_t product = (uint64_t)rng_u32(r) * n;
    if ((uint32_t)product < n) {
        uint32_t reject = -n % n;
        while ((uint32_t)product < reject)
            product = (uint64_t)rng_u32(r) * n;
    }
    return (uint32_t)(product >> 32);
}

double plain_log(double x) {
    enum { TERMS = 11 };
    int exponent;
    double m = frexp(x, &exponent); /* [1/2, 1) */
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    double s = (m - 1) / (m + 1), square = s * s, sum = 0; /* log m = 2 atanh s, |s| < .172 */
    for (int i = TERMS - 1; i >= 0; i--)
        sum = sum * square + 1.0 / (2 * i + 1);
    return exponent * 0.69314718055994531 + 2 * s * sum;
}

double plain_exp(double x) {
    enum { TERMS = 14 };
    double whole = floor(x / 0.69314718055994531 + 0.5);
    double rest = x - whole * 0.69314718055994531, sum = 1; /* |rest| <= log(2) / 2 */
    for (int i = TERMS; i > 0; i--)
        sum = 1 + sum * rest / i;
    return ldexp(sum, (int)whole);
}

static double plain_cos_turns(double u) /* cos(2 pi u), 0 <= u < 1 */
{
    enum { TERMS = 9 };
    int quarter = (int)(4 * u + 0.5);
    double angle = (4 * u - quarter) * 1.5707963267948966, square = angle * angle; /* |angle| <= pi / 4 */
    int odd = quarter & 1;
    double sum = 1;
    for (int i = TERMS; i > 0; i--) /* nested Taylor series of cos, or of sin(angle) / angle */
        sum = 1 - sum * square / ((2 * i - 1 + odd) * (2 * i + odd));
    double value = odd ? angle * sum : sum;
    return quarter == 1 || quarter == 2 ? -value : value;
}

float rng_normal(rng *r) {
    double radius = sqrt(-2 * plain_log((rng_u32(r) + 1.0) * 0x1p-32));
    return (float)(radius * plain_cos_turns(rng_u32(r) * 0x1p-32));
}

void rng_shuffle(rng *r, int32_t *items, int32_t n) {
    for (int32_t i = n - 1; i > 0; i--) {
        uint32_t j = rng_below(r, (uint32_t)i + 1);
        int32_t swapped = items[i];
        items[i] = items[j];
        items[j] = swapped;
    }
}
