/* Basic iterative method: Kurakin, Goodfellow, Bengio, "Adversarial examples in the physical world", 2016, section 2.2. */
#include "attacks/evasion/evasion_internal.h"

const attack attack_bim = {
    .name = "bim",
    .title = "gradient steps from the clean image, projected on the ball",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 10, .restarts = 1},
    .reach = 2,
    .state_bytes = ascent_state_bytes,
    .start = ascent_start,
    .step = ascent_step,
};
