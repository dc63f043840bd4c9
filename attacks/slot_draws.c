/* Samples of random models: which draws they get, and which iterate is worth a verdict.
 *
 * The first iterate that some draws find broken lies on the edge, where other draws say otherwise. So the walk goes on: successes are measured by fresh
 * draws, the deepest one so far is kept, and the walk ends early only when measure after measure confirms it. */
#include <math.h>
#include <string.h>

#include "attacks/runner_internal.h"

model_draws slot_draws(slot *k, const campaign *c) {
    if (k->phase == PHASE_CLEAN) return (model_draws){.row = k->s.id, .count = c->votes};
    model_draws draws = {.row = k->s.id, .stream = c->stream, .first = k->drawn};
    draws.count = k->phase == PHASE_ATTACK ? c->looks : k->phase == PHASE_MEASURE ? c->measures : c->votes;
    k->drawn += draws.count;
    return draws;
}

void draws_begin_walk(slot *k) {
    k->successes = k->streak = 0;
    k->depth = -INFINITY;
}

bool draws_measure(slot *k, const campaign *c, ask next) {
    if (c->plan->no_drop) return next == ASK_DONE;
    k->successes++;
    bool power_of_two = (k->successes & (k->successes - 1)) == 0;
    return power_of_two || next == ASK_DONE;
}

bool draws_take(slot *k, const float *logits) {
    enum { ENOUGH = 3 };
    if (!attack_succeeds(&k->s, logits)) {
        k->streak = 0;
        return false;
    }
    float depth = (float)-attack_margin(&k->s, logits);
    if (depth > k->depth) {
        k->depth = depth;
        memcpy(k->example, k->trial, k->s.d * sizeof *k->example);
    }
    k->unchecked = true;
    return ++k->streak == ENOUGH;
}
