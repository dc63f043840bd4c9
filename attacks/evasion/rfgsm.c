/* FGSM from a random point of the ball: Wong, Rice, Kolter, "Fast is better than free", 2020, algorithm 3, with its step of 1.25 eps. */
#include "attacks/evasion/evasion_internal.h"

const attack attack_rfgsm = {
    .name = "rfgsm",
    .title = "one gradient step of 1.25 eps from a random point of the ball",
    .norms = NORM_BIT_LINF | NORM_BIT_L2,
    .needs_gradient = true,
    .defaults = {.steps = 1, .restarts = 1, .random_start = true},
    .reach = 1.25,
    .state_bytes = ascent_state_bytes,
    .start = ascent_start,
    .step = ascent_step,
};
