/* Weight gradients as a matrix product per image and group: rows^T (kh kw cin x pixels) times dy (pixels x
 * cout), added up in image order. */
#include "core/blas.h"
#include "nets/kernels/conv_internal.h"

static bool supports(const conv_geometry *g) {
    (void)g;
    return true;
}

static int row_length(const conv_geometry *g) {
    return g->kh * g->kw * (g->cin / g->groups);
}

static size_t scratch_bytes(const conv_geometry *g) {
    if (conv_is_pointwise(g)) return 0;
    return (size_t)g->oh * (size_t)g->ow * (size_t)row_length(g) * sizeof(float);
}

static void add_group(kernel_choice kernel, const conv_geometry *g, int group, const float *x,
                      const float *dy, float *dw, float *rows) {
    int cin = g->cin / g->groups, cout = g->cout / g->groups, k = row_length(g);
    const float *a = x + (size_t)group * (size_t)cin;
    int lda = g->cin;
    if (!conv_is_pointwise(g)) {
        conv_im2row(g, group * cin, cin, x, rows);
        a = rows, lda = k;
    }
    size_t offset = (size_t)group * (size_t)cout;
    gemm(kernel, true, false, k, cout, g->oh * g->ow, 1, a, lda, dy + offset, g->cout, 1, dw + offset,
         g->cout);
}

void conv_add_bias_gradient(size_t pixels, int channels, const float *dy, float *db) {
    for (size_t i = 0; i < pixels; i++)
        for (int c = 0; c < channels; c++)
            db[c] += dy[i * (size_t)channels + (size_t)c];
}

static void add_images(kernel_choice kernel, const conv_geometry *g, int n, const float *x, const float *dy,
                       float *dw, float *db, void *scratch) {
    size_t image = (size_t)g->h * (size_t)g->w * (size_t)g->cin, pixels = (size_t)g->oh * (size_t)g->ow;
    for (int i = 0; i < n; i++, x += image, dy += pixels * (size_t)g->cout) {
        for (int group = 0; group < g->groups; group++)
            add_group(kernel, g, group, x, dy, dw, scratch);
        if (db) conv_add_bias_gradient(pixels, g->cout, dy, db);
    }
}

static void run_openblas(const conv_geometry *g, int n, const float *x, const float *dy, float *dw, float *db,
                         void *scratch) {
    add_images(KERNEL_OPENBLAS, g, n, x, dy, dw, db, scratch);
}

static void run_portable(const conv_geometry *g, int n, const float *x, const float *dy, float *dw, float *db,
                         void *scratch) {
    add_images(KERNEL_PORTABLE, g, n, x, dy, dw, db, scratch);
}

const conv_weights_kernel conv_weights_gemm = {"openblas", supports, scratch_bytes, run_openblas};
const conv_weights_kernel conv_weights_plain = {"portable", supports, scratch_bytes, run_portable};
