/* Gaussian noise, not clipped (as in randomised smoothing; Liu et al. 2018, "Random self-ensemble", at the input). */
#include <string.h>

#include "attacks/defence/defence_internal.h"

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)e;
    for (size_t i = 0; i < shape_size(s); i++)
        out[i] = x[i] + (float)strength * rng_normal(g);
    return STATUS_OK;
}

static void pull(double strength, shape s, rng *g, const float *x, const float *dout, float *dx) {
    (void)strength, (void)g, (void)x;
    memcpy(dx, dout, shape_size(s) * sizeof *dx);
}

const defence defence_noise = {.name = "noise",
                               .title = "add Gaussian noise",
                               .unit = "standard deviation",
                               .least = 1e-6,
                               .most = 10,
                               .random = true,
                               .apply = apply,
                               .pull = pull};
