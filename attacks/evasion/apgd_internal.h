/* Auto-PGD in the L1 ball, whose steps are others: apgd.c hands samples with that norm over. */
#ifndef ATTACKS_EVASION_APGD_INTERNAL_H
#define ATTACKS_EVASION_APGD_INTERNAL_H

#include "attacks/evasion/evasion_internal.h"

/* Both states begin with it. */
typedef struct apgd_aim {
    int target; /* of apgd-t; -1 else */
} apgd_aim;

size_t apgd_l1_state_bytes(const attack_sample *s);
ask apgd_l1_start(const attack_sample *s, int target, void *state, float *x);
ask apgd_l1_step(const attack_sample *s, void *state, const attack_answer *a, float *x);
/* While it walks in the larger balls. */
bool apgd_l1_strays(const void *state);

#endif
