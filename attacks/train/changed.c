/* Objectives that train on changed images with the loss of plain training. */
#include <stdlib.h>
#include <string.h>

#include "attacks/train/robust_internal.h"

typedef struct changed {
    changed_plan plan;
    robust_options options;
    perturber perturber;
    objective plain;
    float *x;     /* most x d: the batch as it was last changed */
    float *state; /* of the plain objective, then of the guard */
    char name[ROBUST_NAME];
} changed;

static void changed_free(void *self) {
    changed *c = self;
    if (!c) return;
    if (c->plain.free) c->plain.free(c->plain.self);
    perturber_free(&c->perturber);
    free(c->x);
    free(c->state);
    free(c);
}

/* The second pass of SAM, which updates no statistics, is about the same images. */
static status change(changed *c, const batch *b, const weights *w, err *e) {
    perturbation how = c->plan.how;
    how.eps = robust_eps(&c->options, b);
    return b->update_statistics ? perturb_batch(&c->perturber, w, b, &how, c->x, e) : STATUS_OK;
}

static status changed_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                                 err *e) {
    changed *c = self;
    size_t state = c->plain.n_state * sizeof *c->state;
    status s = change(c, b, w, e);
    if (s != STATUS_OK) return s;
    batch moved = *b;
    moved.x = c->x;
    memcpy(c->plain.state, c->state, state);
    s = c->plain.accumulate(c->plain.self, &moved, w, grad, result, e);
    memcpy(c->state, c->plain.state, state);
    return s == STATUS_OK ? perturber_judge_clean(&c->perturber, w, b, result, e) : s;
}

static status changed_end_epoch(void *self, const dataset *d, int epoch, weights *kept, bool *stop, err *e) {
    changed *c = self;
    return guard_judge(c->state + c->plain.n_state, &c->perturber, d, c->options.eps, epoch, kept, stop, e);
}

static status allocate(changed *c, const robust_setup *s, size_t n_state, err *e) {
    size_t bytes;
    if (size_multiply((size_t)s->most * sizeof *c->x, c->perturber.d, &bytes)) c->x = alloc_aligned(bytes);
    c->state = calloc(n_state, sizeof *c->state);
    if (c->x && c->state) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for %d changed images", s->most);
}

status changed_objective(const robust_setup *s, const changed_plan *plan, objective *out, err *e) {
    changed *c = calloc(1, sizeof *c);
    if (!c) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    c->plan = *plan;
    c->options = *s->options;
    c->plan.how.steps = c->options.steps;
    c->plan.how.step_size = c->options.step_size;
    c->plan.how.sigma = c->options.sigma;
    robust_describe(s, c->name);
    status made = objective_plain(s->net, s->weights, s->most, s->run, &c->plain, e);
    if (made == STATUS_OK) made = perturber_new(s->net, s->run, &c->perturber, e);
    size_t n_state = c->plain.n_state + (plan->guarded ? guard_floats(s->net) : 0);
    if (made == STATUS_OK) made = allocate(c, s, n_state, e);
    if (made != STATUS_OK) {
        changed_free(c);
        return made;
    }
    *out = (objective){.name = c->name,
                       .self = c,
                       .accumulate = changed_accumulate,
                       .free = changed_free,
                       .state = c->state,
                       .n_state = n_state,
                       .end_epoch = plan->guarded ? changed_end_epoch : NULL};
    return STATUS_OK;
}
