/* Fully connected kernels. y (n x out) = x (n x in) W^T, W [out][in]; backward: dx = dy W. */
#ifndef NETS_KERNELS_LINEAR_H
#define NETS_KERNELS_LINEAR_H

#include "core/run.h"
#include "nets/kernels/epilogue.h"

enum { LINEAR_ROWS = 8 }; /* calls cover multiples of it: with fewer samples the rest is computed and thrown away, so that a row's bits never depend on n */

typedef enum linear_pass { LINEAR_FORWARD, LINEAR_BACKWARD_DATA } linear_pass;

typedef struct linear_kernel {
    const char *name;
    bool (*supports)(linear_pass pass, int in, int out);
    size_t (*pack_bytes)(linear_pass pass, int in, int out); /* 0: runs on W as it is */
    void (*pack)(linear_pass pass, int in, int out, const float *w, void *packed);
    /* `rows`: a multiple of LINEAR_ROWS. `packed` is W itself when pack_bytes is 0. Equal rows give equal bits in every slot. The epilogue covers
     * all rows (bias per output feature); `p` is not NULL. 64-byte alignment of `packed` helps. */
    void (*run)(linear_pass pass, int in, int out, int rows, const float *from, const void *packed, const epilogue *p, float *to);
} linear_kernel;

const linear_kernel *linear_choose(kernel_choice choice, linear_pass pass, int in, int out);
const linear_kernel *linear_kernel_at(int k); /* NULL past the end */

/* Rows [first, first + count) of dW (out x in; dw points to row 0) = dy^T x over n samples, WRITTEN; db (out) likewise when not NULL.
 * Split over fixed tiles of LINEAR_TILE output rows by the caller, one GEMM each: OpenBLAS unless `choice` is portable. */
enum { LINEAR_TILE = 64 };
void linear_weights(kernel_choice choice, int n, int in, int out, const float *x, const float *dy, int first, int count, float *dw, float *db);

#endif
