/* What methods share that see answers alone, no gradients. */
#ifndef ATTACKS_EVASION_BLACKBOX_INTERNAL_H
#define ATTACKS_EVASION_BLACKBOX_INTERNAL_H

#include "attacks/evasion/evasion_internal.h"

/* Random search (Rastrigin 1963) by the margin: a proposal is kept when it lowers it. One step of the options is one query; the answer to
 * the last is followed by one more at the best image, if that is another, so that the last iterate is the best one. */
typedef struct search_rules {
    const char *purpose; /* of the random streams: one per sample, restart and query */
    /* x <- the first image. */
    void (*begin)(const attack_sample *s, rng *g, float *x);
    /* x, which holds a copy of `best`, <- the next to try. `stage` 0..9: see search_stage. */
    void (*propose)(const attack_sample *s, int stage, const float *best, rng *g, float *x);
} search_rules;

enum { SEARCH_STAGES = 10 };

/* The stage of query `query` of `queries`: of 10,000, stages 1 to 9 begin after 10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000 (Andriushchenko et al. 2020;
 * Croce et al. 2022), and in proportion of any other number. */
int search_stage(int query, int queries);

size_t search_state_bytes(const attack_sample *s);
ask search_start(const attack_sample *s, const search_rules *rules, void *state, float *x);
ask search_step(const attack_sample *s, const search_rules *rules, void *state, const attack_answer *a,
                float *x);
/* See attack.ahead: as long as nothing is better than the best image, proposals depend on their number alone. */
bool search_ahead(const attack_sample *s, const search_rules *rules, const void *state, int later, float *x);

#endif
