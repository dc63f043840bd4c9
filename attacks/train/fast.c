/* Fast adversarial training, FGSM-RS: Wong, Rice, Kolter, "Fast is better than free: revisiting adversarial training", 2020, algorithm 3: one
 * step of 1.25 eps from a uniform start, which is not clipped to [0, 1]: clipped, half of the pixels of a black background would begin at 0. */
#include "attacks/train/robust_internal.h"

static status make(const robust_setup *s, objective *out, err *e) {
    changed_plan plan = {.how = {.start = START_OPEN, .stream = "robust-start"}, .guarded = true};
    return changed_objective(s, &plan, out, e);
}

const robust_method robust_fast = {
    .name = "fast",
    .title =
        "one gradient step from a random start (Wong et al. 2020), stopped when it overfits to that step",
    .measures = "attacked",
    .rate = 0.005,
    .defaults = {.eps = 1, .steps = 1, .step_size = 1.25, .warmup = 0},
    .make = make,
};
