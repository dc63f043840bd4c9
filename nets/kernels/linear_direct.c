/* Linear layers: weights packed [block of features][term][features of a block]. A block streams in from memory once, and past the sums
 * of 8 rows after the other, which stay in registers. Each sum goes over its terms in order: a
 * row's bits do not depend on its slot. */
#include <stdalign.h>
#include <string.h>

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/direct_internal.h"
#include "nets/kernels/linear_internal.h"

_Static_assert((int)LINEAR_ROWS == (int)DIRECT_LINEAR_ROWS, "tiles are as high as a call");

typedef struct sizes {
    int terms, features; /* a result has `features` values, each a sum of `terms` products */
} sizes;

static sizes sizes_of(linear_pass pass, int in, int out) {
    return pass == LINEAR_FORWARD ? (sizes){in, out} : (sizes){out, in};
}

static int width_at(const direct_ops *ops, int features, int first) {
    return direct_tile_width(ops, ops->linear_vectors, features, first);
}

static size_t pack_bytes(const direct_ops *ops, linear_pass pass, int in, int out) {
    sizes s = sizes_of(pass, in, out);
    size_t features = (size_t)((s.features + ops->lanes - 1) / ops->lanes) * (size_t)ops->lanes;
    return features * (size_t)s.terms * sizeof(float);
}

static void pack(const direct_ops *ops, linear_pass pass, int in, int out, const float *w, float *packed) {
    sizes s = sizes_of(pass, in, out);
    size_t step_term = pass == LINEAR_FORWARD ? 1 : (size_t)in,
           step_feature = pass == LINEAR_FORWARD ? (size_t)in : 1;
    for (int first = 0, width; first < s.features; first += width) {
        width = width_at(ops, s.features, first);
        for (int k = 0; k < s.terms; k++)
            for (int c = first; c < first + width; c++)
                *packed++ = c < s.features ? w[(size_t)k * step_term + (size_t)c * step_feature] : 0;
    }
}

static void run_rows(const direct_ops *ops, linear_pass pass, int in, int out, int rows, const float *from,
                     const float *w, const epilogue *p, float *to) {
    sizes s = sizes_of(pass, in, out);
    direct_segment all = {.count = s.terms};
    alignas(64) float tile[DIRECT_TILE];
    if (p->relu && p->mask && s.features % 8 != 0)
        memset(p->mask, 0, mask_bytes((size_t)rows * (size_t)s.features));
    for (int first = 0, width; first < s.features; first += width, w += (size_t)width * (size_t)s.terms) {
        width = width_at(ops, s.features, first);
        int rest = s.features - first;
        direct_target target = {.p = p,
                                .out = to,
                                .channels = s.features,
                                .step = 1,
                                .channel = first,
                                .count = rest < width ? rest : width};
        direct_terms t = {.n = 1, .segments = &all, .step_a = 1, .step_b = width, .spread = s.terms};
        for (int r = 0; r < rows; r += LINEAR_ROWS) {
            target.first = (size_t)r;
            ops->sum_rows[width / ops->lanes - 1](&t, from + (size_t)r * (size_t)s.terms, w, tile);
            ops->finish(&target, LINEAR_ROWS, width, tile);
        }
    }
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(linear_pass pass, int in, int out) {                                          \
        (void)pass, (void)in, (void)out;                                                                     \
        return kernel_cpu_has_##set();                                                                       \
    }                                                                                                        \
    static size_t pack_bytes_##set(linear_pass pass, int in, int out) {                                      \
        return pack_bytes(&direct_##set, pass, in, out);                                                     \
    }                                                                                                        \
    static void pack_##set(linear_pass pass, int in, int out, const float *w, void *packed) {                \
        pack(&direct_##set, pass, in, out, w, packed);                                                       \
    }                                                                                                        \
    static void run_##set(linear_pass pass, int in, int out, int rows, const float *from,                    \
                          const void *packed, const epilogue *p, float *to) {                                \
        run_rows(&direct_##set, pass, in, out, rows, from, packed, p, to);                                   \
    }                                                                                                        \
    const linear_kernel linear_direct_##set = {"direct-" #set, supports_##set, pack_bytes_##set, pack_##set, \
                                               run_##set};

KERNEL(avx512)
KERNEL(avx2)
