/* Linear layers on core's matrix product, OpenBLAS or plain C, always 8 rows at a time: see gemm. */
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

/* LINEAR_ROWS rows. */
static void multiply_rows(kernel_choice kernel, linear_pass pass, int in, int out, const float *from,
                          const float *w, const epilogue *p, float *to) {
    bool forward = pass == LINEAR_FORWARD, in_place = p->addend == to;
    int k = forward ? in : out, n = forward ? out : in;
    gemm(kernel, false, forward, LINEAR_ROWS, n, k, 1, from, k, w, in, in_place ? 1 : 0, to, n);
    epilogue rest = *p;
    if (in_place) rest.addend = NULL;
    epilogue_apply(&rest, (size_t)LINEAR_ROWS * (size_t)n, n, to);
}

static void multiply(kernel_choice kernel, linear_pass pass, int in, int out, int rows, const float *from,
                     const float *w, const epilogue *p, float *to) {
    size_t k = (size_t)(pass == LINEAR_FORWARD ? in : out), n = (size_t)(pass == LINEAR_FORWARD ? out : in);
    for (size_t r = 0; r < (size_t)rows; r += LINEAR_ROWS) {
        epilogue part = *p;
        if (part.addend) part.addend += r * n;
        if (part.mask) part.mask += r * n / 8;
        if (part.gate) part.gate += r * n / 8;
        multiply_rows(kernel, pass, in, out, from + r * k, w, &part, to + r * n);
    }
}

static void run_openblas(linear_pass pass, int in, int out, int rows, const float *from, const void *packed,
                         const epilogue *p, float *to) {
    multiply(KERNEL_OPENBLAS, pass, in, out, rows, from, packed, p, to);
}

static void run_portable(linear_pass pass, int in, int out, int rows, const float *from, const void *packed,
                         const epilogue *p, float *to) {
    multiply(KERNEL_PORTABLE, pass, in, out, rows, from, packed, p, to);
}

const linear_kernel linear_gemm = {"openblas", supports, pack_bytes, pack, run_openblas};
const linear_kernel linear_plain = {"portable", supports, pack_bytes, pack, run_portable};
