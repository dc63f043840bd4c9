/* What attacks share that learn one thing from many images. */
#ifndef ATTACKS_LEARNED_H
#define ATTACKS_LEARNED_H

#include <stdint.h>

typedef struct learn_plan {
    int target;       /* the class wanted, or -1: any but the label */
    int steps, batch; /* >= 1 */
    double step_size; /* mean length of a step, in the unit of the attack; > 0 */
    double cap;       /* untargeted: images whose cross entropy is above it are left alone (Shafahi et al. 2020); 0: none are */
} learn_plan;

typedef struct learn_cost {
    uint64_t forwards, backwards;
} learn_cost;

#endif
