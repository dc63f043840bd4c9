/* Free adversarial training: Shafahi, Najibi, Ghiasi, Xu, Dickerson, Studer, Davis, Taylor, Goldstein, "Adversarial training for free!", 2019,
 * algorithm 1: every batch is trained on several times in a row, and the backward pass of each step also moves the perturbation, which the next batch goes on
 * from. No attack is computed: an epoch costs as much as `replays` epochs of plain training. */
#include <stdlib.h>
#include <string.h>

#include "attacks/threat.h"
#include "attacks/train/robust_internal.h"

typedef struct replayed {
    robust_options options;
    perturber perturber;
    objective plain;
    size_t d;
    float *x, *dx;          /* most x d: changed images, their gradient */
    float *lb, *ub;         /* d */
    float *state;           /* of the plain objective, of the guard, then perturbations, most x d */
    float *delta, *watched; /* in `state` */
    char name[ROBUST_NAME];
} replayed;

static void replayed_free(void *self) {
    replayed *f = self;
    if (!f) return;
    if (f->plain.free) f->plain.free(f->plain.self);
    perturber_free(&f->perturber);
    free(f->x);
    free(f->dx);
    free(f->lb);
    free(f->ub);
    free(f->state);
    free(f);
}

static float between(float x, float lo, float hi) {
    float low = x > lo ? x : lo; /* NaN becomes lo */
    return low < hi ? low : hi;
}

static void change(replayed *f, const batch *b, double eps) {
    for (int i = 0; i < b->n; i++) {
        const float *x0 = b->x + (size_t)i * f->d, *delta = f->delta + (size_t)i * f->d;
        float *x = f->x + (size_t)i * f->d;
        ball_box(NORM_LINF, eps, x0, f->d, f->lb, f->ub);
        for (size_t k = 0; k < f->d; k++)
            x[k] = between(x0[k] + delta[k], f->lb[k], f->ub[k]);
    }
}

static void climb(replayed *f, int n, double eps, double step_size) {
    float most = (float)eps, length = (float)(eps * step_size);
    for (size_t k = 0; k < (size_t)n * f->d; k++) {
        float sign = (float)((f->dx[k] > 0) - (f->dx[k] < 0));
        f->delta[k] = between(f->delta[k] + length * sign, -most, most);
    }
}

/* The second pass of SAM is about the same images, and moves no perturbation. */
static status replayed_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                                  err *e) {
    replayed *f = self;
    size_t state = f->plain.n_state * sizeof *f->state;
    double eps = robust_eps(&f->options, b);
    if (b->update_statistics) change(f, b, eps);
    batch moved = *b;
    moved.x = f->x;
    moved.dx = f->dx;
    memcpy(f->plain.state, f->state, state);
    status s = f->plain.accumulate(f->plain.self, &moved, w, grad, result, e);
    memcpy(f->state, f->plain.state, state);
    if (s == STATUS_OK && b->update_statistics) climb(f, b->n, eps, f->options.step_size);
    return s == STATUS_OK ? perturber_judge_clean(&f->perturber, w, b, result, e) : s;
}

static status replayed_end_epoch(void *self, const dataset *d, int epoch, weights *kept, bool *stop, err *e) {
    replayed *f = self;
    return guard_judge(f->watched, &f->perturber, d, f->options.eps, epoch, kept, stop, e);
}

static status allocate(replayed *f, const robust_setup *s, size_t *n_state, err *e) {
    size_t floats, bytes, guard = guard_floats(s->net);
    if (size_multiply((size_t)s->most, f->d, &floats) && size_multiply(floats, sizeof(float), &bytes)) {
        f->x = alloc_aligned(bytes);
        f->dx = alloc_aligned(bytes);
        f->lb = alloc_aligned(f->d * sizeof(float));
        f->ub = alloc_aligned(f->d * sizeof(float));
        *n_state = f->plain.n_state + guard + floats;
        f->state = calloc(*n_state, sizeof(float));
    }
    if (!f->x || !f->dx || !f->lb || !f->ub || !f->state)
        return err_set(e, STATUS_NO_MEMORY, "no memory for %d changed images", s->most);
    f->watched = f->state + f->plain.n_state;
    f->delta = f->watched + guard;
    return STATUS_OK;
}

static status make(const robust_setup *s, objective *out, err *e) {
    size_t n_state = 0;
    replayed *f = calloc(1, sizeof *f);
    if (!f) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    f->options = *s->options;
    f->d = shape_size(s->net->input);
    robust_describe(s, f->name);
    status made = objective_plain(s->net, s->weights, s->most, s->run, &f->plain, e);
    if (made == STATUS_OK) made = perturber_new(s->net, s->run, &f->perturber, e);
    if (made == STATUS_OK) made = allocate(f, s, &n_state, e);
    if (made != STATUS_OK) {
        replayed_free(f);
        return made;
    }
    *out = (objective){.name = f->name,
                       .self = f,
                       .accumulate = replayed_accumulate,
                       .free = replayed_free,
                       .state = f->state,
                       .n_state = n_state,
                       .replays = f->options.replays,
                       .end_epoch = replayed_end_epoch};
    return STATUS_OK;
}

const robust_method robust_free = {
    .name = "free",
    .title = "several steps on every batch, whose gradients also move the perturbation (Shafahi et al. 2019)",
    .measures = "attacked",
    .rate = 0.005,
    .defaults = {.eps = 1, .step_size = 1, .warmup = 0.2, .replays = 4},
    .make = make,
};
