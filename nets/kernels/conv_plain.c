/* The plain convolution: any geometry, plain C, sums in a fixed order without fused multiply-adds, so the
 * same bits on every x86-64. */
#include <string.h>

#include "nets/kernels/conv_internal.h"

enum { BLOCK = 32 }; /* output channels summed at once */

static bool supports(conv_pass pass, const conv_geometry *g) {
    (void)pass, (void)g;
    return true;
}

static size_t pack_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass;
    return conv_weight_count(g) * sizeof(float);
}

static size_t scratch_bytes(conv_pass pass, const conv_geometry *g) {
    (void)pass, (void)g;
    return 0;
}

/* To [group][kh][kw][input channel of the pass][output channel of the pass]. */
static void pack(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {
    int cin = g->cin / g->groups, cout = g->cout / g->groups, taps = g->kh * g->kw;
    float *to = packed;
    for (int group = 0; group < g->groups; group++)
        for (int tap = 0; tap < taps; tap++) {
            const float *from =
                w + (size_t)tap * (size_t)cin * (size_t)g->cout + (size_t)group * (size_t)cout;
            if (pass == CONV_FORWARD) {
                for (int i = 0; i < cin; i++, to += cout)
                    memcpy(to, from + (size_t)i * (size_t)g->cout, (size_t)cout * sizeof(float));
            } else {
                for (int o = 0; o < cout; o++)
                    for (int i = 0; i < cin; i++)
                        *to++ = from[(size_t)i * (size_t)g->cout + (size_t)o];
            }
        }
}

int conv_source(conv_pass pass, int at, int k, int stride, int dilation, int pad, int size) {
    int source;
    if (pass == CONV_FORWARD) {
        source = at * stride - pad + k * dilation;
    } else {
        int reach = at + pad - k * dilation;
        if (reach < 0 || reach % stride != 0) return -1;
        source = reach / stride;
    }
    return source >= 0 && source < size ? source : -1;
}

/* sum (n) += x (channels) * w (channels x n, ld floats between rows). */
static void add_products(int channels, int n, const float *x, const float *w, int ld, float *sum) {
    for (int i = 0; i < channels; i++, w += ld)
        for (int o = 0; o < n; o++)
            sum[o] += x[i] * w[o];
}

/* Output channels [first, first + n) of a group at one pixel. */
static void sum_pixel(conv_pass pass, const conv_geometry *g, const float *in, const float *w, int group,
                      int y, int x, int first, int n, float *out) {
    conv_sides s = conv_sides_of(pass, g);
    int channels = s.in_c / g->groups, ld = s.out_c / g->groups;
    float sum[BLOCK] = {0};
    for (int ky = 0; ky < g->kh; ky++) {
        int sy = conv_source(pass, y, ky, g->stride_h, g->dilation_h, g->pad_top, s.in_h);
        for (int kx = 0; kx < g->kw && sy >= 0; kx++) {
            int sx = conv_source(pass, x, kx, g->stride_w, g->dilation_w, g->pad_left, s.in_w);
            if (sx < 0) continue;
            size_t tap = ((size_t)group * (size_t)g->kh + (size_t)ky) * (size_t)g->kw + (size_t)kx;
            add_products(channels, n,
                         in + ((size_t)sy * (size_t)s.in_w + (size_t)sx) * (size_t)s.in_c +
                             (size_t)group * (size_t)channels,
                         w + tap * (size_t)channels * (size_t)ld + first, ld, sum);
        }
    }
    memcpy(out, sum, (size_t)n * sizeof(float));
}

/* The epilogue comes after every pixel, so an addend that is the output itself is set aside by adding it at
 * once. */
static void run_image(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,
                      const epilogue *p, float *out, void *scratch) {
    (void)scratch;
    conv_sides s = conv_sides_of(pass, g);
    int per_group = s.out_c / g->groups;
    bool in_place = p->addend == out;
    float value[BLOCK];
    for (int y = 0; y < s.out_h; y++)
        for (int x = 0; x < s.out_w; x++)
            for (int group = 0; group < g->groups; group++)
                for (int first = 0; first < per_group; first += BLOCK) {
                    int n = per_group - first < BLOCK ? per_group - first : BLOCK;
                    size_t at = ((size_t)y * (size_t)s.out_w + (size_t)x) * (size_t)s.out_c +
                                (size_t)(group * per_group + first);
                    sum_pixel(pass, g, in, packed, group, y, x, first, n, value);
                    for (int o = 0; o < n; o++)
                        out[at + (size_t)o] = in_place ? value[o] + out[at + (size_t)o] : value[o];
                }
    epilogue rest = *p;
    if (in_place) rest.addend = NULL;
    epilogue_apply(&rest, (size_t)s.out_h * (size_t)s.out_w * (size_t)s.out_c, s.out_c, out);
}

const conv_kernel conv_plain = {"portable", supports, pack_bytes, scratch_bytes, pack, run_image};
