/* The curve over eps: monotone by construction, since a sample has one smallest eps that breaks it. */
#include "attacks/runner_internal.h"

int curve_smallest(const attack_plan *plan, const slot *k, int found) {
    int smallest = found;
    while (smallest > 0 && ball_holds(plan->norm, plan->eps[smallest - 1], k->x0, k->example, k->s.d))
        smallest--;
    return smallest;
}

int64_t attack_survivors(const attack_result *a, int i) {
    int64_t survivors = 0;
    for (int row = 0; row < a->n; row++)
        survivors += a->clean_correct[row] && a->broken_at[row] > i;
    return survivors;
}
