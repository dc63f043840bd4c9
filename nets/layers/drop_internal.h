/* What the layers that drop things at random share. */
#ifndef NETS_LAYERS_DROP_INTERNAL_H
#define NETS_LAYERS_DROP_INTERNAL_H

#include <math.h>

#include "nets/layer_internal.h"

/* The rate is a probability below 1; the shape stays. */
static inline status shape_drop(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    if (!(c->rate >= 0 && c->rate < 1))
        return err_set(e, STATUS_BAD_FILE, "a dropout rate of %g, expected 0 <= rate < 1", (double)c->rate);
    return shape_same(c, n_inputs, in, out, e);
}

static inline double drop_threshold(const layer_view *v) {
    return ceil((double)v->config->rate * 4294967296.0);
}

static inline bool drop_keeps(rng *random, double threshold) {
    return rng_u32(random) >= threshold;
}

/* What is kept is scaled, so that the mean stays. */
static inline float drop_scale(const layer_view *v) {
    return 1 / (1 - v->config->rate);
}

#endif
