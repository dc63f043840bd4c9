/* The best example of each image over several methods. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/evasion.h"

static void *copy_of(const void *from, size_t count, size_t size) {
    void *copy = malloc(count * size + 1);
    if (copy) memcpy(copy, from, count * size);
    return copy;
}

static status copy_result(attack_result *out, const attack_result *a, size_t floats, err *e) {
    size_t n = (size_t)a->n, classes = (size_t)a->classes;
    *out = (attack_result){.n = a->n, .n_eps = a->n_eps, .classes = a->classes};
    out->finished = copy_of(a->finished, n, 1);
    out->clean_correct = copy_of(a->clean_correct, n, 1);
    out->broken_at = copy_of(a->broken_at, n, sizeof *a->broken_at);
    out->distance = copy_of(a->distance, n, sizeof *a->distance);
    out->clean_logits = copy_of(a->clean_logits, n * classes, sizeof *a->clean_logits);
    out->examples = copy_of(a->examples, n * floats, sizeof *a->examples);
    out->example_logits = copy_of(a->example_logits, n * classes, sizeof *a->example_logits);
    bool room = out->finished && out->clean_correct && out->broken_at && out->distance && out->clean_logits &&
                out->examples && out->example_logits;
    return room ? STATUS_OK
                : err_set(e, STATUS_NO_MEMORY, "out of memory for the examples of %d images", a->n);
}

/* Whether b's example of a row is better for the attacker. */
static bool is_better(const attack_result *b, const attack_result *a, int row) {
    if (b->broken_at[row] != a->broken_at[row]) return b->broken_at[row] < a->broken_at[row];
    if (isnan(b->distance[row])) return false;
    return isnan(a->distance[row]) || b->distance[row] < a->distance[row];
}

status evasion_take_best(attack_result *best, const attack_result *a, const dataset *d, err *e) {
    size_t floats = shape_size(d->image), classes = (size_t)a->classes;
    if (!best->examples) return copy_result(best, a, floats, e);
    for (int i = 0; i < a->n; i++) {
        size_t row = (size_t)i;
        best->finished[row] &= a->finished[row];
        if (!is_better(a, best, i)) continue;
        best->broken_at[row] = a->broken_at[row];
        best->distance[row] = a->distance[row];
        memcpy(best->examples + row * floats, a->examples + row * floats, floats * sizeof(float));
        memcpy(best->example_logits + row * classes, a->example_logits + row * classes,
               classes * sizeof(float));
    }
    return STATUS_OK;
}
