#include "attacks/attack.h"

#include <string.h>

#include "attacks/evasion/evasion_internal.h"

static const attack *const attacks[] = {
#define ATTACK(name) &attack_##name,
#include "attacks/attacks.def"
#undef ATTACK
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

const attack *attack_at(int i) {
    return i >= 0 && i < ATTACKS ? attacks[i] : NULL;
}

const attack *attack_find(const char *name) {
    for (int i = 0; i < ATTACKS; i++)
        if (strcmp(attacks[i]->name, name) == 0) return attacks[i];
    return NULL;
}
