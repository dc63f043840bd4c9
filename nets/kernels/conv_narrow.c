/* The gradient of an image of few channels (the first layer of a net). The tiles of conv_direct would fill
 * few of their lanes with 1 or 3 channels, so here lanes run over taps and channels: the backward pass of a
 * 1x1 convolution gives what each pixel of dy sends to all the inputs it read, and conv_row2im adds that up.
 */
#include <string.h>

#include "nets/kernels/conv_internal.h"

enum { MOST_CHANNELS = 4 };

/* The 1x1 convolution of the rows of conv_im2row: its weights [kh kw cin][cout] are those of the whole one.
 */
static conv_geometry of_rows(const conv_geometry *g) {
    return (conv_geometry){.h = g->oh,
                           .w = g->ow,
                           .cin = g->kh * g->kw * g->cin,
                           .oh = g->oh,
                           .ow = g->ow,
                           .cout = g->cout,
                           .kh = 1,
                           .kw = 1,
                           .stride_h = 1,
                           .stride_w = 1,
                           .dilation_h = 1,
                           .dilation_w = 1,
                           .groups = 1};
}

static bool supports(const conv_kernel *direct, conv_pass pass, const conv_geometry *g) {
    conv_geometry rows = of_rows(g);
    return pass == CONV_BACKWARD_DATA && g->groups == 1 && g->cin <= MOST_CHANNELS &&
           direct->supports(pass, &rows);
}

static size_t rows_bytes(const conv_geometry *rows) {
    size_t bytes = (size_t)rows->h * (size_t)rows->w * (size_t)rows->cin * sizeof(float);
    return (bytes + 63) / 64 * 64;
}

static void run_image(const conv_kernel *direct, conv_pass pass, const conv_geometry *g, const float *dy,
                      const void *packed, const epilogue *p, float *dx, void *scratch) {
    conv_geometry rows = of_rows(g);
    size_t count = (size_t)g->h * (size_t)g->w * (size_t)g->cin;
    epilogue none = {0}, rest = *p;
    direct->run(pass, &rows, dy, packed, &none, scratch, (char *)scratch + rows_bytes(&rows));
    if (p->addend == dx)
        rest.addend = NULL;
    else
        memset(dx, 0, count * sizeof(float));
    conv_row2im(g, 0, g->cin, scratch, (size_t)rows.cin, dx);
    epilogue_apply(&rest, count, g->cin, dx);
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(conv_pass pass, const conv_geometry *g) {                                     \
        return supports(&conv_direct_##set, pass, g);                                                        \
    }                                                                                                        \
    static size_t pack_bytes_##set(conv_pass pass, const conv_geometry *g) {                                 \
        conv_geometry rows = of_rows(g);                                                                     \
        return conv_direct_##set.pack_bytes(pass, &rows);                                                    \
    }                                                                                                        \
    static size_t scratch_bytes_##set(conv_pass pass, const conv_geometry *g) {                              \
        conv_geometry rows = of_rows(g);                                                                     \
        return rows_bytes(&rows) + conv_direct_##set.scratch_bytes(pass, &rows);                             \
    }                                                                                                        \
    static void pack_##set(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {           \
        conv_geometry rows = of_rows(g);                                                                     \
        conv_direct_##set.pack(pass, &rows, w, packed);                                                      \
    }                                                                                                        \
    static void run_##set(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,       \
                          const epilogue *p, float *out, void *scratch) {                                    \
        run_image(&conv_direct_##set, pass, g, in, packed, p, out, scratch);                                 \
    }                                                                                                        \
    const conv_kernel conv_narrow_##set = {"narrow-" #set,      supports_##set, pack_bytes_##set,            \
                                           scratch_bytes_##set, pack_##set,     run_##set};

KERNEL(avx512)
KERNEL(avx2)
