#include "attacks/attack.h"

#include <string.h>

#include "attacks/evasion/evasion_internal.h"

static const attack *const attacks[] = {
#define ATTACK(name) &attack_##name,
#include "attacks/attacks.def"
#undef ATTACK
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

attack_options attack_options_fill(const attack *method, attack_options asked) {
    const attack_options *defaults = &method->defaults;
    attack_options o = asked;
    o.falling = defaults->falling && asked.step_size == 0;
    if (o.step_size == 0) o.step_size = defaults->step_size;
    if (o.steps == 0) o.steps = defaults->steps;
    if (o.step_size == 0) o.step_size = method->reach / o.steps;
    if (o.restarts == 0) o.restarts = defaults->restarts;
    o.random_start = asked.random_start || defaults->random_start;
    if (!o.random_start && !method->ranks_classes) o.restarts = 1; /* others would repeat it */
    return o;
}

int attack_runner_up(const attack_sample *s, int rank) {
    const float *z = s->clean_logits;
    for (int k = 0; k < s->classes; k++) {
        int ahead = 1;
        for (int j = 0; j < s->classes; j++)
            ahead += j != s->label && j != k && (z[j] > z[k] || (z[j] == z[k] && j < k));
        if (k != s->label && ahead == rank) return k;
    }
    return -1;
}

int attack_ranked_target(const attack_sample *s) {
    if (s->target >= 0) return s->restart == 0 ? s->target : -1;
    return attack_runner_up(s, s->restart + 1);
}

const attack *attack_at(int i) {
    return i >= 0 && i < ATTACKS ? attacks[i] : NULL;
}

const attack *attack_find(const char *name) {
    for (int i = 0; i < ATTACKS; i++)
        if (strcmp(attacks[i]->name, name) == 0) return attacks[i];
    return NULL;
}
