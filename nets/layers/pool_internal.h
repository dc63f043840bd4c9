/* The part of a pooling window that lies inside the input. */
#ifndef NETS_LAYERS_POOL_INTERNAL_H
#define NETS_LAYERS_POOL_INTERNAL_H

#include "nets/layer_internal.h"

typedef struct pool_window {
    int top, left;      /* of the window, perhaps in the padding */
    int y0, y1, x0, x1; /* rows and columns of the input inside it */
} pool_window;

static inline int pool_least(int a, int b) {
    return a < b ? a : b;
}

static inline pool_window pool_window_at(const layer_view *v, int oy, int ox) {
    const layer_config *c = v->config;
    pool_window w = {.top = oy * c->stride[0] - c->pad[0], .left = ox * c->stride[1] - c->pad[1]};
    w.y0 = w.top > 0 ? w.top : 0;
    w.x0 = w.left > 0 ? w.left : 0;
    w.y1 = pool_least(w.top + c->kernel[0], v->in[0].h);
    w.x1 = pool_least(w.left + c->kernel[1], v->in[0].w);
    return w;
}

#endif
