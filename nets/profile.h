/* Where a net spends its time: every fused step by itself, on one thread, on random images. */
#ifndef NETS_PROFILE_H
#define NETS_PROFILE_H

#include "core/run.h"
#include "nets/net.h"

typedef enum profile_part {
    PROFILE_FORWARD,
    PROFILE_NORM, /* batch norm of training, both ways */
    PROFILE_INPUT_GRADIENT,
    PROFILE_WEIGHT_GRADIENT,
    PROFILE_REST, /* packing weights, adding up gradients */
    PROFILE_PARTS
} profile_part;

typedef struct profile_row {
    int node; /* of the net; 0 for what belongs to none */
    profile_part part;
    const char *kernel; /* the kernel that was chosen, or NULL */
    double seconds;     /* of one image, in the fastest of several rounds */
    double flops;       /* of one image by the definition of the layer, a multiply-add counting 2; 0: not counted */
    double bytes;       /* that one image must move at least: what it reads and writes, weights shared by the images of a tile or batch */
} profile_row;

/* Rows in the order of the first time they run; those without a step of their own (flatten, folded norms) are not there. */
typedef struct profile {
    int n;
    profile_row *rows;
    double seconds; /* of one image, the sum of all rows */
} profile;

const char *profile_part_name(profile_part part);

/* Tiles of SESSION_TILE images, forward and back to the image, as attacks do, for about `seconds`. */
MUST_CHECK status profile_attack(const net *n, const weights *w, const run *r, double seconds, profile *out, err *e);

/* Training steps on batches of `batch` images, without the optimiser. */
MUST_CHECK status profile_train(const net *n, weights *w, int batch, const run *r, double seconds, profile *out, err *e);
void profile_free(profile *p);

#endif
