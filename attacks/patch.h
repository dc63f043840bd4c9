/* Adversarial patches: Brown et al., "Adversarial patch", 2017. One square picture that makes a class of whatever it is put into, wherever it lies. */
#ifndef ATTACKS_PATCH_H
#define ATTACKS_PATCH_H

#include "attacks/changed.h"
#include "attacks/learned.h"

/* How patches are put into images. */
typedef struct patch_rules {
    shape image;
    int side;        /* of the square, in pixels: 1..the image's smaller side */
    double degrees;  /* turned by at most this, to both sides; 0..180 */
    double scale;    /* enlarged or made smaller by at most this share; 0..0.9 */
    uint64_t seed;   /* of the places */
} patch_rules;

/* Floats of a patch: side x side x channels. */
size_t patch_size(const patch_rules *k);

/* x <- the image with the patch at the random place of (id, draw): anywhere where the patch, neither turned nor scaled, lies inside. The patch hides what
 * is below it; between its pixels bilinear where it is turned or scaled. */
void patch_paste(const patch_rules *k, const float *patch, int32_t id, uint32_t draw, float *x);

/* The transpose of patch_paste: pull (as large as the patch) += the gradient dx of an image with the patch in it. */
void patch_pull(const patch_rules *k, int32_t id, uint32_t draw, const float *dx, double *pull);

/* patch <- one that makes p->target of the images of d, by gradient steps over random images and places (expectation over transformation), from grey.
 * Steps are lengths of every pixel's step; pixels stay in [0, 1]. STATUS_USAGE where rules, plan, model or data do not fit. */
MUST_CHECK status patch_learn(model *m, const dataset *d, const patch_rules *k, const learn_plan *p, const run *r,
                              const char *stage, float *patch, learn_cost *cost, err *e);

/* A patch in every image of d, at the place of draw 0xffffffff, which learning never uses. */
typedef struct patch_change {
    const patch_rules *rules;
    const dataset *d;
    const float *patch;
} patch_change;
void patch_make(const void *patch_change, int row, float *x); /* for image_change */

/* patch <- uniform noise: a control. */
void patch_noise(const patch_rules *k, float *patch);

/* patch <- image `row` of d, scaled to its size: a control. STATUS_NO_MEMORY. */
MUST_CHECK status patch_of_image(const patch_rules *k, const dataset *d, int row, float *patch, err *e);

#endif
