/* The convolution kernels of image processing, applied by our own convolution layer: what a trained first layer may be compared with. */
#ifndef AUDIT_CLASSIC_KERNELS_H
#define AUDIT_CLASSIC_KERNELS_H

#include <stdbool.h>

#include "audit/picture.h"
#include "core/json.h"
#include "core/run.h"

enum { KERNEL_SIDE = 5, KERNEL_VALUES = KERNEL_SIDE * KERNEL_SIDE };

typedef struct classic_kernel {
    const char *name, *what;
    int side, divisor;         /* 3 or 5 */
    int values[KERNEL_VALUES]; /* side x side, to be divided by the divisor */
    bool is_signed;            /* answers are changes of brightness, shown around grey */
} classic_kernel;

/* Kernel k, NULL past the end. */
const classic_kernel *classic_kernel_at(int k);

/* Correlates every channel of an image with each of n kernels, as convolution layers do (the kernel is not mirrored); pixels beyond
 * the edge are those at the edge. out: h x w x c x n. */
MUST_CHECK status classic_kernels_apply(const float *image, shape s, const classic_kernel *const *kernels, int n, const run *r,
                                        float *out, err *e);

/* Corner response of Harris & Stephens 1988, det(M) - .05 trace(M)^2, from Sobel derivatives of the brightness and Gaussian windows:
 * two layers of convolutions with a product between them. out: h x w. */
MUST_CHECK status classic_corners(const float *image, shape s, const run *r, float *out, err *e);

/* All of them on one image as a labelled sheet; each answer stands above its kernel. */
MUST_CHECK status classic_kernels_sheet(const float *image, shape s, const run *r, picture *out, err *e);

/* [{"name", "what", "divisor", "values": [[...]]}]; NULL when memory is out. */
json *classic_kernels_json(void);

#endif
