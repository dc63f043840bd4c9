/* Sparse-RS: Croce, Andriushchenko, Singh, Flammarion, Hein, "Sparse-RS: a versatile framework for query-efficient sparse black-box adversarial attacks", 2022:
 * random search among the images of which eps floats are black or white. eps is a number of floats, so that a pixel of a colour image counts three times
 * when all its channels change; a fraction is rounded down. The changed floats can be told from the image itself, since one that is at
 * a corner of the box always changes to the other. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/blackbox_internal.h"

static size_t allowed(const attack_sample *s) {
    return s->eps < (double)s->d ? (size_t)s->eps : s->d;
}

static size_t changed(const attack_sample *s, const float *x) {
    size_t count = 0;
    for (size_t i = 0; i < s->d; i++)
        count += x[i] != s->x0[i];
    return count;
}

static float corner(const attack_sample *s, size_t i, rng *g) {
    float value = (float)(rng_u32(g) & 1);
    return value == s->x0[i] ? 1 - value : value;
}

/* Of `left` items in a row, of which `wanted` are to be chosen, all choices equally likely: whether this one is (Knuth, The art of
 * computer programming 2, 3.4.2, algorithm S). */
static bool chosen(size_t *wanted, size_t *left, rng *g) {
    bool is = rng_below(g, (uint32_t)(*left)--) < *wanted;
    *wanted -= is;
    return is;
}

static void begin(const attack_sample *s, rng *g, float *x) {
    memcpy(x, s->warm ? s->warm : s->x0, s->d * sizeof *x);
    size_t old = changed(s, x), most = allowed(s);
    size_t undone = old > most ? old - most : 0, added = old > most ? 0 : most - old, fresh = s->d - old;
    for (size_t i = 0; i < s->d; i++) {
        if (x[i] == s->x0[i]) {
            if (chosen(&added, &fresh, g)) x[i] = corner(s, i, g);
        } else if (chosen(&undone, &old, g)) {
            x[i] = s->x0[i];
        }
    }
}

/* Some of the changed floats are exchanged for others: the paper's share of .3, divided as time goes on. Where all are changed, some are drawn again. */
static void propose(const attack_sample *s, int stage, const float *best, rng *g, float *x) {
    static const double divisors[SEARCH_STAGES] = {2, 2, 4, 5, 6, 8, 10, 12, 15, 20};
    size_t old = changed(s, best), fresh = s->d - old;
    size_t moved = (size_t)(0.3 / divisors[stage] * (double)old);
    if (moved < 1) moved = 1;
    if (fresh > 0 && moved > fresh) moved = fresh;
    bool exchanged = fresh > 0;
    size_t undone = moved, added = exchanged ? moved : 0;
    for (size_t i = 0; i < s->d; i++) {
        if (best[i] == s->x0[i]) {
            if (chosen(&added, &fresh, g)) x[i] = corner(s, i, g);
        } else if (chosen(&undone, &old, g)) {
            x[i] = exchanged ? s->x0[i] : corner(s, i, g);
        }
    }
}

static const search_rules rules = {"sparse-rs", begin, propose};

static ask sparse_start(const attack_sample *s, void *state, float *x) {
    return allowed(s) > 0 ? search_start(s, &rules, state, x) : ASK_DONE;
}

static ask sparse_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    return search_step(s, &rules, state, a, x);
}

static bool sparse_ahead(const attack_sample *s, const void *state, int later, float *x) {
    return search_ahead(s, &rules, state, later, x);
}

const attack attack_sparse_rs = {
    .name = "sparse-rs",
    .title = "random changes of eps floats, by the logits alone (steps are queries)",
    .norms = NORM_BIT_L0,
    .defaults = {.steps = 5000, .restarts = 1, .random_start = true},
    .reach = 1,
    .order = EPS_DESCENDING,
    .ahead = sparse_ahead,
    .state_bytes = search_state_bytes,
    .start = sparse_start,
    .step = sparse_step,
};
