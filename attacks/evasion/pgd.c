/* Projected gradient descent: Madry, Makelov, Schmidt, Tsipras, Vladu, "Towards deep learning models resistant to adversarial
 * attacks", 2018, equation 2: BIM from a random point of the ball. The paper's step of eps / 30 is --step-size .0333; the default is
 * stronger at the same cost. */
#include "attacks/evasion/evasion_internal.h"

const attack attack_pgd = {
    .name = "pgd",
    .title = "gradient steps from random points of the ball",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 40, .restarts = 1, .random_start = true, .falling = true},
    .reach = 10,
    .order = EPS_DESCENDING,
    .state_bytes = ascent_state_bytes,
    .start = ascent_start,
    .step = ascent_step,
};
