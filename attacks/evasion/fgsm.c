/* Fast gradient sign method: Goodfellow, Shlens, Szegedy, "Explaining and harnessing adversarial examples", 2015, section 4. */
#include "attacks/evasion/evasion_internal.h"

const attack attack_fgsm = {
    .name = "fgsm",
    .title = "one gradient step of length eps",
    .norms = NORM_BIT_LINF | NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 1, .restarts = 1},
    .reach = 1,
    .state_bytes = ascent_state_bytes,
    .start = ascent_start,
    .step = ascent_step,
};
