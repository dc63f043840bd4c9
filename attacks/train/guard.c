/* The watch for catastrophic overfitting: Wong, Rice, Kolter, "Fast is better than free", 2020, section 5.4. */
#include <stdlib.h>
#include <string.h>

#include "attacks/train/robust_internal.h"
#include "core/rng.h"

static const float most_fall = 0.2f;

size_t guard_floats(const net *n) {
    return 1 + n->n_floats;
}

typedef struct guard_images {
    float *x, *changed;
    int32_t labels[GUARD_ROWS], ids[GUARD_ROWS];
    int n;
} guard_images;

/* The same ones after every epoch, so that accuracies compare. */
static void choose(guard_images *g, const dataset *d, uint64_t seed) {
    rng random = rng_stream(seed, "guard", 0, 0, 0, 0);
    g->n = d->n < GUARD_ROWS ? d->n : GUARD_ROWS;
    for (int i = 0; i < g->n; i++) {
        int row = d->n <= GUARD_ROWS ? i : (int)rng_below(&random, (uint32_t)d->n);
        dataset_image(d, row, g->x + (size_t)i * shape_size(d->image));
        g->labels[i] = d->labels[row];
        g->ids[i] = d->ids[row];
    }
}

static status attacked_accuracy(guard_images *g, perturber *p, const dataset *d, double eps, const weights *w,
                                float *accuracy, err *e) {
    int correct = 0;
    choose(g, d, p->run.seed);
    batch b = {.n = g->n, .x = g->x, .labels = g->labels, .ids = g->ids};
    perturbation pgd = {
        .eps = eps, .steps = GUARD_STEPS, .step_size = 2.5 / GUARD_STEPS, .stream = "guard-start"};
    status s = perturb_batch(p, w, &b, &pgd, g->changed, e);
    if (s == STATUS_OK) s = perturber_count(p, w, g->changed, g->labels, g->n, &correct, e);
    *accuracy = (float)correct / (float)g->n;
    return s;
}

static void conclude(float *state, float accuracy, const perturber *p, int epoch, weights *kept, bool *stop) {
    if (accuracy >= state[0] - most_fall) {
        if (accuracy < state[0]) return;
        state[0] = accuracy;
        memcpy(state + 1, kept->data, kept->n * sizeof *kept->data);
        return;
    }
    run_log(&p->run,
            "catastrophic overfitting: accuracy of %d training images under PGD-%d fell from %.1f %% to %.1f "
            "%% in epoch "
            "%d; training ends with the weights of the best epoch; try a smaller --robust-step-size, or "
            "--robust pgd",
            (int)GUARD_ROWS, (int)GUARD_STEPS, 100 * (double)state[0], 100 * (double)accuracy, epoch + 1);
    memcpy(kept->data, state + 1, kept->n * sizeof *kept->data);
    kept->version++;
    *stop = true;
}

status guard_judge(float *state, perturber *p, const dataset *d, double eps, int epoch, weights *kept,
                   bool *stop, err *e) {
    size_t floats = GUARD_ROWS * p->d;
    float accuracy = 0;
    guard_images g = {.x = alloc_aligned(floats * sizeof *g.x),
                      .changed = alloc_aligned(floats * sizeof *g.changed)};
    status s = g.x && g.changed ? attacked_accuracy(&g, p, d, eps, kept, &accuracy, e)
                                : err_set(e, STATUS_NO_MEMORY, "no memory to watch for overfitting");
    if (s == STATUS_OK) conclude(state, accuracy, p, epoch, kept, stop);
    free(g.x);
    free(g.changed);
    return s;
}
