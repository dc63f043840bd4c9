/* Picks channels: output channel i is input channel map[i]. Blue first from red first is {2, 1, 0}, colours from grey {0, 0, 0}. */
#include <string.h>

#include "nets/layer_internal.h"

enum { MOST_OUT = sizeof((layer_config *)0)->map / sizeof(int) };

static status channels_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    if (c->n_map < 1 || c->n_map > MOST_OUT)
        return err_set(e, STATUS_BAD_FILE, "a map of %d channels, expected 1..%d", c->n_map, (int)MOST_OUT);
    for (int k = 0; k < c->n_map; k++)
        if (c->map[k] < 0 || c->map[k] >= in[0].c)
            return err_set(e, STATUS_BAD_FILE, "channel %d is taken from channel %d of an input that has %d",
                           k, c->map[k], in[0].c);
    *out = (shape){in[0].h, in[0].w, c->n_map};
    return STATUS_OK;
}

static void channels_forward(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->out.h * (size_t)v->out.w;
    const float *x = io->x[0];
    float *y = io->y;
    for (size_t p = 0; p < pixels; p++, x += v->in[0].c, y += v->out.c)
        for (int c = 0; c < v->out.c; c++)
            y[c] = x[v->config->map[c]];
}

static void channels_backward_data(const layer_view *v, const layer_io *io) {
    size_t pixels = (size_t)v->out.h * (size_t)v->out.w;
    const float *dy = io->dy;
    float *dx = io->dx;
    memset(dx, 0, shape_size(v->in[0]) * sizeof *dx);
    for (size_t p = 0; p < pixels; p++, dx += v->in[0].c, dy += v->out.c)
        for (int c = 0; c < v->out.c; c++)
            dx[v->config->map[c]] += dy[c];
}

static const layer_sample samples[] = {
    {{.n_map = 3, .map = {2, 1, 0}}, 1, {{3, 4, 3}}},
    {{.n_map = 3, .map = {0, 0, 0}}, 1, {{4, 2, 1}}},
    {{.n_map = 1, .map = {1}}, 1, {{2, 3, 3}}},
};

const layer layer_channels = {
    .name = "channels",
    .fields = FIELD_MAP,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = channels_shape,
    .forward = channels_forward,
    .backward_data = channels_backward_data,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
