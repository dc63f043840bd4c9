/* Adversarial training with PGD: Madry, Makelov, Schmidt, Tsipras, Vladu, "Towards deep learning models resistant to adversarial attacks",
 * 2018, section 2: the loss is that of images at which projected gradient ascent from a random start arrived. */
#include "attacks/train/robust_internal.h"

static status make(const robust_setup *s, objective *out, err *e) {
    changed_plan plan = {.how = {.start = START_UNIFORM, .stream = "robust-start"}};
    return changed_objective(s, &plan, out, e);
}

const robust_method robust_pgd = {
    .name = "pgd",
    .title = "PGD of some steps on every batch (Madry et al. 2018): the strongest, and the slowest",
    .measures = "attacked",
    .rate = 0.005,
    .defaults = {.eps = 1, .steps = 7, .step_size = 0.35, .warmup = 0.2},
    .make = make,
};
