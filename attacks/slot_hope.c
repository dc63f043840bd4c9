/* When a walk is given up.
 *
 * The score of a walk in a ball is its best margin, of one without a ball by how much its nearest example lies outside the largest ball of the plan: at 0 the
 * sample is broken. Scores fall ever slower. So after each tenth of a walk what the last fifth gained is carried on to the end at three times the pace; if that would not reach 0,
 * and the score is no less than a fifth of what it was at first, the rest is left undone. docs/attack.md says how often that changed a verdict. */
#include <math.h>

#include "attacks/runner_internal.h"

enum { WINDOW = 2, PACE = 3 }; /* in checks */
static const double near = 0.2;

void hope_begin(slot *k) {
    k->hope = (hope){.best = INFINITY};
}

static double score_of(const slot *k, const campaign *c, const attack_answer *a) {
    if (!walk_is_free(c)) return attack_margin(&k->s, a->logits);
    if (!attack_succeeds(&k->s, a->logits)) return INFINITY;
    return ball_distance(c->plan->norm, k->x0, k->x, k->s.d) - c->plan->eps[c->plan->n_eps - 1];
}

/* Walks without a ball may ask twice a step. */
static int length_of(const campaign *c) {
    return walk_is_free(c) ? 2 * c->options.steps : c->options.steps;
}

bool hope_left(slot *k, const campaign *c, const attack_answer *a) {
    hope *h = &k->hope;
    int every = length_of(c) / HOPE_CHECKS, taken = h->answers++;
    h->best = fmin(h->best, score_of(k, c, a));
    if (taken == 0) h->first = walk_is_free(c) ? c->plan->eps[c->plan->n_eps - 1] : h->best;
    if (every == 0 || taken % every != 0 || taken / every >= HOPE_CHECKS) return true;
    int check = taken / every;
    h->at[check] = h->best;
    if (check < WINDOW) return true;
    double gained = h->at[check - WINDOW] - h->best;
    double rest = (double)(HOPE_CHECKS - check) / WINDOW;
    bool out_of_reach = h->best > PACE * gained * rest && h->best > near * h->first;
    return !out_of_reach;
}
