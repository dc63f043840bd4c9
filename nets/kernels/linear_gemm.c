/* Linear layers on core's matrix product, OpenBLAS or plain C, always 8 rows at a time. */
#include "core/blas.h"
#include "nets/kernels/linear_internal.h"

static bool supports(linear_pass pass, int in, int out) {
    (void)pass, (void)in, (void)out;
    return true;
}

static size_t pack_bytes(linear_pass pass, int in, int out) {
    (void)pass, (void)in, (void)out;
    return 0;
}

static void pack(linear_pass pass, int in, int out, const float *w, void *packed) {
    (void)pass, (void)in, (void)out, (void)w, (void)packed;
}

static void multiply(kernel_choice kernel, linear_pass pass, int in, int out, const float *from,
                     const float *w, const epilogue *p, float *to) {
    bool forward = pass == LINEAR_FORWARD, in_place = p->addend == to;
    int k = forward ? in : out, n = forward ? out : in;
    gemm(kernel, false, forward, LINEAR_ROWS, n, k, 1, from, k, w, in, in_place ? 1 : 0, to, n);
    epilogue rest = *p;
    if (in_place) rest.addend = NULL;
    epilogue_apply(&rest, (size_t)LINEAR_ROWS * (size_t)n, n, to);
}

static void run_openblas(linear_pass pass, int in, int out, const float *from, const void *packed,
                         const epilogue *p, float *to) {
    multiply(KERNEL_OPENBLAS, pass, in, out, from, packed, p, to);
}

static void run_portable(linear_pass pass, int in, int out, const float *from, const void *packed,
                         const epilogue *p, float *to) {
    multiply(KERNEL_PORTABLE, pass, in, out, from, packed, p, to);
}

const linear_kernel linear_gemm = {"openblas", supports, pack_bytes, pack, run_openblas};
const linear_kernel linear_plain = {"portable", supports, pack_bytes, pack, run_portable};
