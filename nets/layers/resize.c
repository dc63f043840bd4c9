/* Bilinear resizing as PyTorch's interpolate(mode="bilinear", align_corners=False): output pixel i lies at (i + 1/2) * in / out - 1/2 of the
 * input, held inside it, and mixes the two nearest pixels of each axis. No smoothing goes before it when the map gets smaller. */
#include <math.h>
#include <string.h>

#include "nets/layer_internal.h"

enum { MOST_SIDE = 1 << 14 };

static status resize_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    if (c->size[0] < 1 || c->size[1] < 1 || c->size[0] > MOST_SIDE || c->size[1] > MOST_SIDE)
        return err_set(e, STATUS_BAD_FILE, "a size of %d x %d, expected 1..%d", c->size[0], c->size[1],
                       (int)MOST_SIDE);
    *out = (shape){c->size[0], c->size[1], in[0].c};
    return STATUS_OK;
}

/* The two input positions that output position i of one axis mixes, and the share of the second. */
typedef struct tap {
    int first, second;
    float share;
} tap;

static tap tap_at(int i, int in, int out) {
    double at = fmax(((double)i + .5) * in / out - .5, 0);
    int first = (int)at < in - 1 ? (int)at : in - 1;
    int second = first < in - 1 ? first + 1 : first;
    return (tap){first, second, second > first ? (float)(at - first) : 0};
}

/* The four input pixels of one output pixel, as offsets in floats, and their shares. */
typedef struct corners {
    size_t at[4];
    float share[4];
} corners;

static corners corners_of(const layer_view *v, tap row, int column) {
    tap col = tap_at(column, v->in[0].w, v->out.w);
    size_t w = (size_t)v->in[0].w, c = (size_t)v->in[0].c;
    size_t upper = (size_t)row.first * w, lower = (size_t)row.second * w;
    return (corners){{(upper + (size_t)col.first) * c, (upper + (size_t)col.second) * c,
                      (lower + (size_t)col.first) * c, (lower + (size_t)col.second) * c},
                     {(1 - row.share) * (1 - col.share), (1 - row.share) * col.share,
                      row.share * (1 - col.share), row.share * col.share}};
}

static void resize_forward(const layer_view *v, const layer_io *io) {
    const float *x = io->x[0];
    float *y = io->y;
    for (int oy = 0; oy < v->out.h; oy++) {
        tap row = tap_at(oy, v->in[0].h, v->out.h);
        for (int ox = 0; ox < v->out.w; ox++, y += v->out.c) {
            corners k = corners_of(v, row, ox);
            for (int c = 0; c < v->out.c; c++)
                y[c] = k.share[0] * x[k.at[0] + (size_t)c] + k.share[1] * x[k.at[1] + (size_t)c] +
                       k.share[2] * x[k.at[2] + (size_t)c] + k.share[3] * x[k.at[3] + (size_t)c];
        }
    }
}

static void resize_backward_data(const layer_view *v, const layer_io *io) {
    const float *dy = io->dy;
    memset(io->dx, 0, shape_size(v->in[0]) * sizeof *io->dx);
    for (int oy = 0; oy < v->out.h; oy++) {
        tap row = tap_at(oy, v->in[0].h, v->out.h);
        for (int ox = 0; ox < v->out.w; ox++, dy += v->out.c) {
            corners k = corners_of(v, row, ox);
            for (int corner = 0; corner < 4; corner++)
                for (int c = 0; c < v->out.c; c++)
                    io->dx[k.at[corner] + (size_t)c] += k.share[corner] * dy[c];
        }
    }
}

static const layer_sample samples[] = {
    {{.size = {7, 9}}, 1, {{4, 3, 2}}},
    {{.size = {3, 4}}, 1, {{7, 5, 3}}},
    {{.size = {5, 5}}, 1, {{1, 2, 1}}},
    {{.size = {4, 4}}, 1, {{4, 4, 2}}},
};

const layer layer_resize = {
    .name = "resize",
    .fields = FIELD_SIZE,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = resize_shape,
    .forward = resize_forward,
    .backward_data = resize_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
