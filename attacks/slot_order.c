/* In which order a sample goes through eps and restarts. */
#include <math.h>

#include "attacks/runner_internal.h"

bool walk_is_free(const campaign *c) {
    return c->plan->method->order == EPS_FREE;
}

static bool descends(const campaign *c) {
    return c->plan->method->order == EPS_DESCENDING && !c->plan->no_drop;
}

/* The next eps to try; false when there is none. At 0 the clean image is all there is. */
static bool next_eps(slot *k, const campaign *c) {
    const attack_plan *plan = c->plan;
    int known = plan->no_drop ? plan->n_eps : c->out->broken_at[k->row]; /* from here on it is broken */
    if (walk_is_free(c)) {
        if (k->eps >= 0 || plan->eps[plan->n_eps - 1] == 0) return false;
        k->eps = plan->n_eps;
        return true;
    }
    if (descends(c)) {
        if (k->eps >= 0 && k->eps < known) return false; /* it withstands this one */
        k->eps = known - 1;
        return k->eps >= 0 && plan->eps[k->eps] > 0;
    }
    do
        k->eps++;
    while (k->eps < known && plan->eps[k->eps] == 0);
    return k->eps < known;
}

bool walk_next(slot *k, const campaign *c) {
    const attack_plan *plan = c->plan;
    bool open = k->eps >= 0 && (plan->no_drop || walk_is_free(c) || k->eps < c->out->broken_at[k->row]);
    k->s.warm = NULL;
    if (open && k->s.restart + 1 < c->options.restarts) {
        k->s.restart++;
        return true;
    }
    k->s.restart = 0;
    bool went_on = k->eps >= 0;
    if (!next_eps(k, c)) return false;
    k->s.eps = walk_is_free(c) ? INFINITY : plan->eps[k->eps];
    if (went_on && descends(c)) k->s.warm = k->example;
    ball_box(plan->norm, k->s.eps, k->x0, k->s.d, k->lb, k->ub);
    return true;
}
