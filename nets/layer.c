#include <string.h>

#include "nets/layer_internal.h"

#define LAYER(name) extern const layer layer_##name;
#include "nets/layers.def"
#undef LAYER

static const layer *const layers[] = {
#define LAYER(name) &layer_##name,
#include "nets/layers.def"
#undef LAYER
};

enum { N_LAYERS = sizeof layers / sizeof *layers };

const layer *layer_at(int k) {
    return k >= 0 && k < N_LAYERS ? layers[k] : NULL;
}

const layer *layer_find(const char *name) {
    for (int k = 0; k < N_LAYERS; k++)
        if (!strcmp(layers[k]->name, name)) return layers[k];
    return NULL;
}

const char *layer_name(const layer *l) {
    return l->name;
}

status shape_same(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)c, (void)n_inputs, (void)e;
    *out = in[0];
    return STATUS_OK;
}

status shape_global(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)c, (void)n_inputs, (void)e;
    *out = (shape){1, 1, in[0].c};
    return STATUS_OK;
}

/* PyTorch's rule: in ceil mode a last window may hang over the end, but must begin inside the input or its left padding. */
static int pooled_length(int length, int before, int after, int kernel, int stride, bool ceil_mode) {
    int room = length + before + after - kernel;
    if (room < 0) return 0;
    int n = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    return ceil_mode && (n - 1) * stride >= length + before ? n - 1 : n;
}

status shape_pooled(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    for (int side = 0; side < 4; side++)
        if (c->pad[side] >= c->kernel[side % 2])
            return err_set(e, STATUS_BAD_FILE, "padding %d must be smaller than the pooling window %d",
                           c->pad[side], c->kernel[side % 2]);
    int window[2] = {c->dilation[0] * (c->kernel[0] - 1) + 1, c->dilation[1] * (c->kernel[1] - 1) + 1};
    out->h = pooled_length(in[0].h, c->pad[0], c->pad[2], window[0], c->stride[0], c->ceil_mode);
    out->w = pooled_length(in[0].w, c->pad[1], c->pad[3], window[1], c->stride[1], c->ceil_mode);
    out->c = in[0].c;
    if (out->h > 0 && out->w > 0) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "a pooling window of %d x %d does not fit an input of %d x %d",
                   c->kernel[0], c->kernel[1], in[0].h, in[0].w);
}
