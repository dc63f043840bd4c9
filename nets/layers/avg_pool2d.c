/* Average pooling as in PyTorch: count_include_pad counts padding (not what ceil mode adds beyond it) in the divisor. */
#include <string.h>

#include "nets/layers/pool_internal.h"

static float divisor(const layer_view *v, const pool_window *w) {
    const layer_config *c = v->config;
    if (!c->count_include_pad) return (float)((w->y1 - w->y0) * (w->x1 - w->x0));
    int bottom = pool_least(w->top + c->kernel[0], v->in[0].h + c->pad[2]);
    int right = pool_least(w->left + c->kernel[1], v->in[0].w + c->pad[3]);
    return (float)((bottom - w->top) * (right - w->left));
}

static void average_one(const layer_view *v, const pool_window *w, const float *x, float *y) {
    int channels = v->in[0].c;
    float count = divisor(v, w);
    memset(y, 0, (size_t)channels * sizeof *y);
    for (int iy = w->y0; iy < w->y1; iy++)
        for (int ix = w->x0; ix < w->x1; ix++) {
            const float *pixel = x + ((size_t)iy * (size_t)v->in[0].w + (size_t)ix) * (size_t)channels;
            for (int c = 0; c < channels; c++)
                y[c] += pixel[c];
        }
    for (int c = 0; c < channels; c++)
        y[c] /= count;
}

static void spread_one(const layer_view *v, const pool_window *w, const float *dy, float *dx) {
    int channels = v->in[0].c;
    float count = divisor(v, w);
    for (int iy = w->y0; iy < w->y1; iy++)
        for (int ix = w->x0; ix < w->x1; ix++) {
            float *pixel = dx + ((size_t)iy * (size_t)v->in[0].w + (size_t)ix) * (size_t)channels;
            for (int c = 0; c < channels; c++)
                pixel[c] += dy[c] / count;
        }
}

static void avg_pool_forward(const layer_view *v, const layer_io *io) {
    float *y = io->y;
    for (int oy = 0; oy < v->out.h; oy++)
        for (int ox = 0; ox < v->out.w; ox++, y += v->out.c) {
            pool_window w = pool_window_at(v, oy, ox);
            average_one(v, &w, io->x[0], y);
        }
}

static void avg_pool_backward_data(const layer_view *v, const layer_io *io) {
    const float *dy = io->dy;
    memset(io->dx, 0, shape_size(v->in[0]) * sizeof *io->dx);
    for (int oy = 0; oy < v->out.h; oy++)
        for (int ox = 0; ox < v->out.w; ox++, dy += v->out.c) {
            pool_window w = pool_window_at(v, oy, ox);
            spread_one(v, &w, dy, io->dx);
        }
}

static const layer_sample samples[] = {
    {{.kernel = {2, 2}, .count_include_pad = true}, 1, {{6, 6, 3}}},
    {{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}, .count_include_pad = true}, 1, {{7, 6, 2}}},
    {{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}}, 1, {{7, 6, 2}}},
    {{.kernel = {3, 2}, .stride = {2, 2}, .pad = {1, 0, 1, 1}, .ceil_mode = true, .count_include_pad = true},
     1,
     {{6, 6, 1}}},
    {{.kernel = {1, 1}, .stride = {2, 2}}, 1, {{5, 6, 3}}},
};

const layer layer_avg_pool2d = {
    .name = "avg_pool2d",
    .fields = FIELD_KERNEL | FIELD_STRIDE | FIELD_PAD | FIELD_CEIL_MODE | FIELD_COUNT_INCLUDE_PAD,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = shape_pooled,
    .forward = avg_pool_forward,
    .backward_data = avg_pool_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
