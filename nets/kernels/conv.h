/* Convolution kernels for one image, NHWC, weights HWIO ([kh][kw][cin/groups][cout]). Every fast kernel stands beside a plain one and is tested
 * against it. A kernel is chosen once, when a session is made: conv_choose.
 *
 *   winograd-avx512, -avx2       fewer products for 3x3 and 5x5 at stride 1; both give the same bits (groups = 1)
 *   direct-avx512, direct-avx2   tiles in registers, no im2row; both give the same bits (groups = 1)
 *   depthwise                    plain C for one channel a group
 *   openblas                     im2row and one matrix product per image and group
 *   portable                     plain C for every geometry
 *
 * Every sum of a direct, depthwise or portable kernel goes over its terms in a fixed order: its bits depend on nothing but the
 * image and the weights; so do those of Winograd. A NaN in the image reaches exactly the outputs that read it, with Winograd also their
 * neighbours in a tile of at most 4 x 4. */
#ifndef NETS_KERNELS_CONV_H
#define NETS_KERNELS_CONV_H

#include "core/run.h"
#include "nets/kernels/epilogue.h"

typedef struct conv_geometry {
    int h, w, cin;              /* input */
    int oh, ow, cout;           /* output */
    int kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    int pad_top, pad_left;      /* bottom and right follow from oh and ow */
    int groups;
} conv_geometry;

typedef enum conv_pass { CONV_FORWARD, CONV_BACKWARD_DATA } conv_pass;

/* One way to compute a pass of a valid geometry. For CONV_FORWARD `in` is x (h w cin) and `out` y (oh ow cout); for CONV_BACKWARD_DATA
 * `in` is dy and `out` dx. */
typedef struct conv_kernel {
    const char *name;           /* "direct-avx512", "openblas", "portable", ... */
    bool (*supports)(conv_pass pass, const conv_geometry *g);
    size_t (*pack_bytes)(conv_pass pass, const conv_geometry *g);
    size_t (*scratch_bytes)(conv_pass pass, const conv_geometry *g); /* of one calling thread */
    /* Weights into the kernel's own layout (rotated and transposed for backward): once per version of the weights. */
    void (*pack)(conv_pass pass, const conv_geometry *g, const float *w, void *packed);
    /* One image. Same bits for the same image whatever was computed before it. `scratch` and `packed` are 64-byte aligned; `p` is not NULL
     * ({0} does nothing); `in` and `out` do not overlap. */
    void (*run)(conv_pass pass, const conv_geometry *g, const float *in, const void *packed, const epilogue *p, float *out, void *scratch);
} conv_kernel;

/* The kernel for this pass and shape under `choice`; never NULL: every shape has a plain kernel (avx2/avx512 fall back where these kernels
 * do not support a shape; kernel_available below tells whether the CPU has them at all). auto takes
 * Winograd where it pays, else the widest direct kernel that the CPU has, and OpenBLAS for groups and for the gradient of images of fewer
 * than 5 channels. */
const conv_kernel *conv_choose(kernel_choice choice, conv_pass pass, const conv_geometry *g);

/* Kernel k of the table, NULL past the end; for tests and benchmarks. */
const conv_kernel *conv_kernel_at(int k);

/* dw (HWIO) and, if not NULL, db (cout) += gradients of n images, added in image order: the bits depend on these images alone. But for
 * Winograd, which sums a call's images before it makes taps of them, two calls of one image each give the bits of one call of two.
 * Chosen like the others; Winograd and direct where cout fills whole vectors. */
typedef struct conv_weights_kernel {
    const char *name;
    bool (*supports)(const conv_geometry *g);
    size_t (*scratch_bytes)(const conv_geometry *g);
    void (*run)(const conv_geometry *g, int n, const float *x, const float *dy, float *dw, float *db, void *scratch);
} conv_weights_kernel;
const conv_weights_kernel *conv_weights_choose(kernel_choice choice, const conv_geometry *g);
const conv_weights_kernel *conv_weights_kernel_at(int k);

/* False, with a message, when `choice` asks for an instruction set that this CPU does not have. */
MUST_CHECK status kernel_available(kernel_choice choice, err *e);

#endif
