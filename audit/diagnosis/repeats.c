/* Does the model say the same twice? Carlini et al. 2019, section 5.3: a random model needs attacks on its expectation (Athalye et al. 2018). An
 * image must have the same answer again and again, alone or among others, in any place, and whether or not a gradient is wanted; and
 * the same gradient. */
#include <math.h>
#include <string.h>

#include "audit/diagnosis/panel_internal.h"
#include "core/floats.h"

enum { REPEATS = 4 };
static const double most_drift = 1e-4,
                    most_gradient_drift = 1e-3; /* relative to the largest logit; to the norm */

typedef struct bench {
    float *x, *logits, *dz, *dx, *again;
} bench;

static bool drifts(const panel_group *g, int i, const float *z) {
    const float *first = g->p->clean + (size_t)(g->first + i) * (size_t)g->p->classes;
    double most = 0, drift = 0;
    for (int k = 0; k < g->p->classes; k++) {
        most = fmax(most, fabs((double)first[k]));
        drift = fmax(drift, fabs((double)first[k] - z[k]));
    }
    return drift > most_drift * most;
}

static void judge(const panel_group *g, suspicion *s, int i, const float *z) {
    size_t classes = (size_t)g->p->classes;
    const float *first = g->p->clean + (size_t)(g->first + i) * classes;
    if (!floats_finite(first, classes) || !floats_finite(z, classes)) return;
    s->judged[g->first + i] = true;
    s->suspect[g->first + i] |= drifts(g, i, z);
}

static status repeat_whole(panel_group *g, suspicion *s, const bench *b) {
    const float *x = g->p->images + (size_t)g->first * g->p->size;
    status done = STATUS_OK;
    for (int again = 0; done == STATUS_OK && again < REPEATS; again++) {
        done = group_forward(g, g->n, x, b->logits);
        for (int i = 0; done == STATUS_OK && i < g->n; i++)
            judge(g, s, i, b->logits + i * g->p->classes);
    }
    return done;
}

static status turn_round(panel_group *g, suspicion *s, const bench *b) {
    for (int i = 0; i < g->n; i++)
        memcpy(b->x + (size_t)i * g->p->size, g->p->images + (size_t)(g->first + g->n - 1 - i) * g->p->size,
               g->p->size * sizeof *b->x);
    status done = group_forward(g, g->n, b->x, b->logits);
    for (int i = 0; done == STATUS_OK && i < g->n; i++)
        judge(g, s, g->n - 1 - i, b->logits + i * g->p->classes);
    return done;
}

static status one_by_one(panel_group *g, suspicion *s, const bench *b) {
    status done = STATUS_OK;
    for (int i = 0; done == STATUS_OK && i < g->n; i++) {
        done = group_forward(g, 1, g->p->images + (size_t)(g->first + i) * g->p->size, b->logits);
        if (done == STATUS_OK) judge(g, s, i, b->logits);
    }
    return done;
}

static bool gradient_drifts(const float *a, const float *b, size_t n) {
    double difference = 0, whole = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        whole += (double)a[i] * a[i];
    }
    return difference > most_gradient_drift * most_gradient_drift * whole;
}

static status gradients(panel_group *g, suspicion *s, const bench *b) {
    const float *x = g->p->images + (size_t)g->first * g->p->size;
    size_t size = g->p->size;
    group_cotangents(g, b->dz);
    status done = group_gradient(g, g->n, x, b->dz, b->logits, b->dx);
    for (int i = 0; done == STATUS_OK && i < g->n; i++)
        judge(g, s, i, b->logits + i * g->p->classes);
    if (done == STATUS_OK) done = group_gradient(g, g->n, x, b->dz, b->logits, b->again);
    for (int i = 0; done == STATUS_OK && i < g->n; i++) {
        const float *one = b->dx + (size_t)i * size, *other = b->again + (size_t)i * size;
        if (floats_finite(one, size) && floats_finite(other, size))
            s->suspect[g->first + i] |= s->judged[g->first + i] && gradient_drifts(one, other, size);
    }
    return done;
}

static status look(panel_group *g, void *user) {
    suspicion *s = user;
    arena memory = {0};
    size_t n = (size_t)g->n, classes = (size_t)g->p->classes;
    bench b = {
        arena_array(&memory, n, g->p->size * sizeof(float)), arena_array(&memory, n, classes * sizeof(float)),
        arena_array(&memory, n, classes * sizeof(float)), arena_array(&memory, n, g->p->size * sizeof(float)),
        arena_array(&memory, n, g->p->size * sizeof(float))};
    bool ok = b.x && b.logits && b.dz && b.dx && b.again;
    status done = ok ? repeat_whole(g, s, &b) : err_set(&g->e, STATUS_NO_MEMORY, "out of memory");
    if (done == STATUS_OK) done = turn_round(g, s, &b);
    if (done == STATUS_OK) done = one_by_one(g, s, &b);
    if (done == STATUS_OK) done = gradients(g, s, &b);
    arena_free(&memory);
    return done;
}

status check_repeats(panel *p, suspicion *s, err *e) {
    return panel_groups(p, look, s, e);
}
