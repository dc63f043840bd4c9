/* Convolution as one matrix product per image and group: forward on the rows of conv_im2row, backward into
 * rows that conv_row2im adds up. One image at a time, since OpenBLAS can give equal rows different bits in
 * different places of a larger product. */
#include <string.h>

#include "core/blas.h"
#include "nets/kernels/conv_internal.h"

static bool supports(conv_pass pass, const conv_geometry *g) {
    (void)pass, (void)g;
    return true;
}

static size_t pack_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass;
    return conv_weight_count(g) * sizeof(float);
}

static int row_length(const conv_geometry *g) {
    return g->kh * g->kw * (g->cin / g->groups);
}

static size_t scratch_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass;
    if (conv_is_pointwise(g)) return 0;
    return (size_t)g->oh * (size_t)g->ow * (size_t)row_length(g) * sizeof(float);
}

/* Both passes read the weights as they are, with cout floats between rows. */
static void pack(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {
    memcpy(packed, w, pack_bytes(pass, g));
}

static void forward_group(const conv_geometry *g, int group, const float *x, const float *w, float beta,
                          float *y, float *rows) {
    int cin = g->cin / g->groups, cout = g->cout / g->groups, k = row_length(g);
    const float *a = x + (size_t)group * (size_t)cin;
    int lda = g->cin;
    if (!conv_is_pointwise(g)) {
        conv_im2row(g, group * cin, cin, x, rows);
        a = rows, lda = k;
    }
    gemm(KERNEL_OPENBLAS, false, false, g->oh * g->ow, cout, k, 1, a, lda, w + (size_t)group * (size_t)cout,
         g->cout, beta, y + (size_t)group * (size_t)cout, g->cout);
}

/* dx already holds what the gradient is added to. */
static void backward_group(const conv_geometry *g, int group, const float *dy, const float *w, float *dx,
                           float *rows) {
    int cin = g->cin / g->groups, cout = g->cout / g->groups, k = row_length(g);
    bool direct = conv_is_pointwise(g);
    float *c = direct ? dx + (size_t)group * (size_t)cin : rows;
    gemm(KERNEL_OPENBLAS, false, true, g->oh * g->ow, k, cout, 1, dy + (size_t)group * (size_t)cout, g->cout,
         w + (size_t)group * (size_t)cout, g->cout, direct ? 1 : 0, c, direct ? g->cin : k);
    if (!direct) conv_row2im(g, group * cin, cin, rows, (size_t)k, dx);
}

static void run_image(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,
                      const epilogue *p, float *out, void *scratch) {
    conv_sides s = conv_sides_of(pass, g);
    size_t count = (size_t)s.out_h * (size_t)s.out_w * (size_t)s.out_c;
    bool in_place = p->addend == out;
    if (pass == CONV_BACKWARD_DATA && !in_place) memset(out, 0, count * sizeof(float));
    for (int group = 0; group < g->groups; group++) {
        if (pass == CONV_FORWARD)
            forward_group(g, group, in, packed, in_place ? 1 : 0, out, scratch);
        else
            backward_group(g, group, in, packed, out, scratch);
    }
    epilogue rest = *p;
    if (in_place) rest.addend = NULL;
    epilogue_apply(&rest, count, s.out_c, out);
}

const conv_kernel conv_gemm = {"openblas", supports, pack_bytes, scratch_bytes, pack, run_image};
