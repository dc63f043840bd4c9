/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A stream is named by what it is for, never by who asks first: key = hash(seed, purpose, layer), counter = (row, epoch,
 * step, lane). So a random value depends on no batch size, thread or order, and any one example replays alone. */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stdint.h>

/* The bare block function: 10 rounds. */
void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

typedef struct rng {
    uint32_t key[2];
    uint32_t counter[4]; /* row, epoch or restart, step, lane (the lane counts blocks) */
    uint32_t block[4];
    int used;            /* words of `block` handed out; 4 = none left */
} rng;

/* A stream. `purpose` is a short fixed text such as "init", "shuffle", "dropout", "augment", "pgd-start"; `layer` tells apart
 * users with the same purpose (0 where there is one). */
rng rng_stream(uint64_t seed, const char *purpose, uint32_t layer, uint32_t row, uint32_t epoch, uint32_t step);

uint32_t rng_u32(rng *r);
float rng_uniform(rng *r);                           /* [0, 1), 24 bits */
double rng_uniform_double(rng *r);                   /* [0, 1), 53 bits */
float rng_range(rng *r, float lo, float hi);         /* [lo, hi); lo where they are equal */
uint32_t rng_below(rng *r, uint32_t n);              /* 0..n-1 without bias; n >= 1 */
float rng_normal(rng *r);                            /* N(0, 1), Box-Muller; same bits with any libm */
double rng_beta(rng *r, double a, double b);         /* Beta(a, b), a and b > 0; same bits with any libm */
int rng_poisson(rng *r, double mean);                /* Poisson, mean 0..1e6, from one uniform; same bits with any libm */
void rng_shuffle(rng *r, int32_t *items, int32_t n); /* Fisher-Yates */

/* A 64-bit hash, also for seeds of sub-experiments: mix(mix(mix(seed) ^ fnv1a(purpose)) + index), mix = one step of splitmix64. For
 * one purpose, different indices of a seed and different seeds of an index never collide. */
uint64_t seed_derive(uint64_t seed, const char *purpose, uint64_t index);

#endif
