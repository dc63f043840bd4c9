#include <string.h>

#include "attacks/evasion/evasion_internal.h"

typedef struct ascent {
    int steps; /* taken so far */
} ascent;

size_t ascent_state_bytes(const attack_sample *s) {
    (void)s;
    return sizeof(ascent);
}

ask ascent_start(const attack_sample *s, void *state, float *x) {
    *(ascent *)state = (ascent){0};
    if (s->options->random_start) {
        rng g = rng_stream(s->seed, "ascent-start", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
        ball_random(s, &g, x);
    } else {
        memcpy(x, s->x0, s->d * sizeof *x);
    }
    return ASK_GRADIENT;
}

ask ascent_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    ascent *walk = state;
    if (!a->gradient) return ASK_DONE;
    ball_ascend(s, s->options->step_size, a->gradient, x);
    walk->steps++;
    return walk->steps < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}
