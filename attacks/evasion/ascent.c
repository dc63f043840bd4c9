#include <math.h>
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
    if (ball_go_on(s, x)) return ASK_GRADIENT;
    if (s->options->random_start) {
        rng g = rng_stream(s->seed, "ascent-start", 0, (uint32_t)s->id, (uint32_t)s->restart, 0);
        ball_random(s, &g, x);
    } else {
        memcpy(x, s->x0, s->d * sizeof *x);
    }
    return ASK_GRADIENT;
}

/* Long steps first cross the ball and leave poor places, short ones at the end settle: more images break than with steps of equal
 * length, hardened nets above all, and sooner. */
static double step_size(const attack_options *o, int taken) {
    return o->falling ? o->step_size * 2 * (1 - (taken + 0.5) / o->steps) : o->step_size;
}

double half_cosine(const attack_sample *s, int taken, double from, double to) {
    const double pi = 3.14159265358979323846;
    return to + (from - to) * (1 + cos(pi * taken / s->options->steps)) / 2;
}

ask ascent_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    ascent *walk = state;
    if (!a->gradient) return ASK_DONE;
    ball_ascend(s, step_size(s->options, walk->steps), a->gradient, x);
    walk->steps++;
    return walk->steps < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}
