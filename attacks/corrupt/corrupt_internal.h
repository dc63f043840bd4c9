/* What corruptions are given, and what they share. */
#ifndef ATTACKS_CORRUPT_CORRUPT_INTERNAL_H
#define ATTACKS_CORRUPT_CORRUPT_INTERNAL_H

#include "attacks/corrupt.h"
#include "core/rng.h"

typedef struct corrupt_call {
    shape s;
    int level;      /* severity - 1: the index of constants */
    const float *x; /* h x w x c, within [0, 1] */
    float *out;     /* the same size; the caller cuts it to [0, 1] */
    rng random;     /* of this image and corruption */
    arena *memory;  /* of this call */
    err e;          /* what failed, where the status of apply does not say it all */
} corrupt_call;

#define CORRUPTION(name) extern const corruption corruption_##name;
#include "attacks/corruptions.def"
#undef CORRUPTION

/* Where an index beyond 0..n-1 is read. */
typedef int (*edge)(int i, int n);
int edge_repeat(int i, int n); /* a a | a b c | c c */
int edge_mirror(int i, int n); /* c b | a b c | b a: the outermost pixel once */
int edge_fold(int i, int n);   /* b a | a b c | c b: the outermost pixel twice */

/* Pixel (y, x) between its four neighbours. */
float sample_linear(const float *image, shape s, double y, double x, int channel, edge beyond);

/* Gaussian blur with a kernel that ends at truncate * sigma; sigma 0 copies. False: out of memory. `out` may be `image`. */
bool blur_gaussian(const float *image, shape s, double sigma, double truncate, edge beyond, float *out, arena *memory);

/* A one-sided Gaussian streak of ceil(radius) * 2 + 1 pixels at an angle in degrees, as ImageMagick blurs motion. */
void blur_streak(const float *image, shape s, double radius, double sigma, double degrees, float *out);

/* The middle of the image, enlarged to its old size. */
void zoom_middle(const float *image, shape s, double factor, float *out);

/* Clouds by the diamond-square algorithm, h x w values that reach from 0 to 1 over the square they are cut from; `decay` of the wobble from one
 * scale to the next finer one. False: out of memory. */
bool clouds(rng *random, int h, int w, double decay, float *out, arena *memory);

#endif
