/* Training on images with Gaussian noise: Cohen, Rosenfeld, Kolter, "Certified adversarial robustness via randomized smoothing", 2019,
 * section 4. The noise is not clipped to [0, 1]: the smoothed net is one of unclipped noise, too, unlike the augmentation of this name. */
#include "attacks/train/robust_internal.h"

static status make(const robust_setup *s, objective *out, err *e) {
    changed_plan plan = {.how = {.start = START_NOISE, .stream = "robust-noise"}};
    return changed_objective(s, &plan, out, e);
}

const robust_method robust_noise = {
    .name = "noise",
    .title = "Gaussian noise, not clipped: for nets that are to be smoothed (Cohen et al. 2019)",
    .measures = "noisy",
    .rate = 0.002,
    .defaults = {.sigma = 0.25, .warmup = -1},
    .make = make,
};
