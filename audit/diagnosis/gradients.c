/* Are there gradients at all? NaN and zero ones, on the clean images. */
#include "audit/diagnosis/panel_internal.h"
#include "core/floats.h"

typedef struct question {
    suspicion *s;
    bool (*asks)(const float *logits, int classes, const float *gradient, size_t size);
} question;

static bool not_finite(const float *logits, int classes, const float *gradient, size_t size) {
    return !floats_finite(logits, (size_t)classes) || !floats_finite(gradient, size);
}

static bool zero(const float *logits, int classes, const float *gradient, size_t size) {
    (void)logits;
    (void)classes;
    return floats_zero(gradient, size);
}

static status look(panel_group *g, void *user) {
    const question *q = user;
    arena memory = {0};
    size_t n = (size_t)g->n, classes = (size_t)g->p->classes, size = g->p->size;
    float *logits = arena_array(&memory, n, classes * sizeof *logits),
          *dz = arena_array(&memory, n, classes * sizeof *dz),
          *dx = arena_array(&memory, n, size * sizeof *dx);
    status done = logits && dz && dx ? STATUS_OK : err_set(&g->e, STATUS_NO_MEMORY, "out of memory");
    if (done == STATUS_OK) {
        group_cotangents(g, dz);
        done = group_gradient(g, g->n, g->p->images + (size_t)g->first * size, dz, logits, dx);
    }
    for (size_t i = 0; done == STATUS_OK && i < n; i++) {
        q->s->judged[(size_t)g->first + i] = true;
        q->s->suspect[(size_t)g->first + i] =
            q->asks(logits + i * classes, g->p->classes, dx + i * size, size);
    }
    arena_free(&memory);
    return done;
}

status check_finite(panel *p, suspicion *s, err *e) {
    question q = {s, not_finite};
    return panel_groups(p, look, &q, e);
}

status check_zero(panel *p, suspicion *s, err *e) {
    question q = {s, zero};
    return panel_groups(p, look, &q, e);
}
