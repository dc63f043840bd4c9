/* Fewer levels of brightness (bit-depth reduction: Xu et al. 2018, "Feature squeezing"; Guo et al. 2018). */
#include <math.h>

#include "attacks/defence/defence_internal.h"

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g, (void)e;
    double steps = strength - 1;
    for (size_t i = 0; i < shape_size(s); i++) {
        double value = fmin(fmax((double)x[i], 0), 1); /* of NaN: 0 */
        out[i] = (float)(floor(value * steps + 0.5) / steps);
    }
    return STATUS_OK;
}

const defence defence_quantize = {.name = "quantize",
                                  .title = "round every value to one of so many levels",
                                  .unit = "levels",
                                  .least = 2,
                                  .most = 256,
                                  .whole = true,
                                  .apply = apply};
