/* Max pooling as in PyTorch: windows may overlap, padding never wins, NaN wins. The stash holds one byte per output: where in its
 * window the maximum was found (the first of equals). */
#include <string.h>

#include "nets/kernels/pointwise.h"
#include "nets/layers/pool_internal.h"

enum { MOST_WINDOW = 256 }; /* positions fit a byte */

/* Whether a window along an axis has all its values, which dilation sets apart, in the padding. */
static bool any_hollow(const layer_config *c, int axis, int length, int windows) {
    for (int k = 0; k < windows && c->dilation[axis] > 1; k++) {
        int at = k * c->stride[axis] - c->pad[axis], inside = 0;
        for (int tap = 0; tap < c->kernel[axis]; tap++, at += c->dilation[axis])
            inside += at >= 0 && at < length;
        if (!inside) return true;
    }
    return false;
}

static status max_pool_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (c->kernel[0] * c->kernel[1] > MOST_WINDOW)
        return err_set(e, STATUS_UNSUPPORTED, "a max pooling window of %d x %d has more than %d values",
                       c->kernel[0], c->kernel[1], (int)MOST_WINDOW);
    status s = shape_pooled(c, n_inputs, in, out, e);
    bool hollow = s == STATUS_OK && (any_hollow(c, 0, in->h, out->h) || any_hollow(c, 1, in->w, out->w));
    return !hollow
               ? s
               : err_set(e, STATUS_UNSUPPORTED, "a dilated pooling window lies in the padding altogether");
}

static size_t max_pool_stash_bytes(const layer_view *v) {
    return shape_size(v->out);
}

static void pool_one(const layer_view *v, const pool_window *w, const float *x, float *y, uint8_t *which) {
    const layer_config *k = v->config;
    const float *pixels[MOST_WINDOW];
    uint8_t positions[MOST_WINDOW];
    int n = 0;
    for (int ky = 0; ky < k->kernel[0]; ky++)
        for (int kx = 0; kx < k->kernel[1]; kx++) {
            int iy = w->top + ky * k->dilation[0], ix = w->left + kx * k->dilation[1];
            if (iy < 0 || iy >= v->in[0].h || ix < 0 || ix >= v->in[0].w) continue;
            pixels[n] = x + ((size_t)iy * (size_t)v->in[0].w + (size_t)ix) * (size_t)v->in[0].c;
            positions[n++] = (uint8_t)(ky * k->kernel[1] + kx);
        }
    pointwise()->maximum(v->in[0].c, n, pixels, positions, y, which);
}

static void max_pool_forward(const layer_view *v, const layer_io *io) {
    float *y = io->y;
    uint8_t *which = io->stash;
    for (int oy = 0; oy < v->out.h; oy++)
        for (int ox = 0; ox < v->out.w; ox++) {
            pool_window w = pool_window_at(v, oy, ox);
            pool_one(v, &w, io->x[0], y, which);
            y += v->out.c;
            if (which) which += v->out.c;
        }
}

static void max_pool_backward_data(const layer_view *v, const layer_io *io) {
    const layer_config *config = v->config;
    const float *dy = io->dy;
    const uint8_t *which = io->stash;
    ptrdiff_t columns = v->in[0].w, channels = v->in[0].c;
    memset(io->dx, 0, shape_size(v->in[0]) * sizeof *io->dx);
    for (int oy = 0; oy < v->out.h; oy++)
        for (int ox = 0; ox < v->out.w; ox++, dy += channels, which += channels) {
            int top = oy * config->stride[0] - config->pad[0], left = ox * config->stride[1] - config->pad[1];
            for (int c = 0; c < channels; c++) {
                int iy = top + which[c] / config->kernel[1] * config->dilation[0];
                int ix = left + which[c] % config->kernel[1] * config->dilation[1];
                io->dx[(iy * columns + ix) * channels + c] += dy[c];
            }
        }
}

static const layer_sample samples[] = {
    {{.kernel = {2, 2}}, 1, {{6, 6, 3}}},
    {{.kernel = {3, 3}, .stride = {2, 2}}, 1, {{7, 9, 2}}},
    {{.kernel = {3, 2}, .stride = {2, 1}, .pad = {1, 1, 1, 0}}, 1, {{6, 5, 4}}},
    {{.kernel = {3, 3}, .stride = {2, 2}, .ceil_mode = true}, 1, {{6, 8, 2}}},
    {{.kernel = {2, 2}, .stride = {3, 3}, .pad = {1, 1, 1, 1}, .ceil_mode = true}, 1, {{5, 7, 1}}},
    {{.kernel = {2, 3}, .stride = {1, 2}, .dilation = {3, 2}, .pad = {1, 1, 0, 1}}, 1, {{6, 7, 3}}},
};

const layer layer_max_pool2d = {
    .name = "max_pool2d",
    .fields = FIELD_KERNEL | FIELD_STRIDE | FIELD_DILATION | FIELD_PAD | FIELD_CEIL_MODE,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = max_pool_shape,
    .stash_bytes = max_pool_stash_bytes,
    .forward = max_pool_forward,
    .backward_data = max_pool_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
