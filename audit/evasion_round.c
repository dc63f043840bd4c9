/* Adversarial images of 256 levels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/levels.h"
#include "audit/evasion_details.h"

typedef struct rounding {
    model *m;
    const dataset *d;
    const evasion_plan *p;
    const attack_result *a;
    const run *r;
    attack_result *out;
    int32_t *rows; /* to look at */
    level_finds finds;
} rounding;

/* The rows that the examples break at eps index i, and no image of levels yet. */
static int gather(rounding *w, int i) {
    int n = 0;
    for (int row = 0; row < w->d->n; row++)
        if (w->a->clean_correct[row] && w->a->broken_at[row] <= i && w->out->broken_at[row] > i)
            w->rows[n++] = row;
    return n;
}

static float rounded_down(double x) {
    float f = (float)x;
    return (double)f > x ? nextafterf(f, 0) : f;
}

static status round_at(rounding *w, int i, float *x0, err *e) {
    attack_result *out = w->out;
    size_t size = shape_size(w->d->image);
    level_plan plan = {.norm = w->p->norm,
                       .eps = w->p->eps[i],
                       .targets = w->p->targets,
                       .rows = w->rows,
                       .n = gather(w, i),
                       .examples = w->a->examples};
    status s = levels_search(w->m, w->d, &plan, w->r, &w->finds, e);
    for (int k = 0; s == STATUS_OK && k < plan.n; k++) {
        int row = w->rows[k];
        if (!w->finds.found[row]) continue;
        dataset_image(w->d, row, x0);
        out->broken_at[row] = i;
        out->distance[row] =
            rounded_down(levels_distance(w->p->norm, x0, out->examples + (size_t)row * size, size));
    }
    return s;
}

/* Nothing is broken but what is wrong unchanged, and every image is the unchanged one. */
static void reset(rounding *w) {
    size_t size = shape_size(w->d->image), classes = (size_t)w->out->classes;
    for (int row = 0; row < w->d->n; row++) {
        if (!w->a->clean_correct[row]) continue;
        w->out->broken_at[row] = w->a->n_eps;
        w->out->distance[row] = NAN;
        dataset_image(w->d, row, w->out->examples + (size_t)row * size);
        memcpy(w->out->example_logits + (size_t)row * classes, w->a->clean_logits + (size_t)row * classes,
               classes * sizeof(float));
    }
}

static status start(rounding *w, err *e) {
    size_t n = (size_t)w->d->n;
    status s = evasion_take_best(w->out, w->a, w->d, e);
    if (s != STATUS_OK) return s;
    w->rows = malloc(n * sizeof *w->rows + 1);
    w->finds.found = calloc(n + 1, 1);
    w->finds.images = w->out->examples;
    w->finds.logits = w->out->example_logits;
    if (!w->rows || !w->finds.found) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    reset(w);
    return STATUS_OK;
}

status evasion_round(model *m, const dataset *d, const evasion_plan *p, const attack_result *a, const run *r,
                     attack_result *out, err *e) {
    *out = (attack_result){0};
    rounding w = {.m = m, .d = d, .p = p, .a = a, .r = r, .out = out};
    float *x0 = malloc(shape_size(d->image) * sizeof *x0 + 1);
    status s = x0 ? start(&w, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; s == STATUS_OK && i < p->n_eps; i++)
        s = round_at(&w, i, x0, e);
    out->forwards = w.finds.forwards;
    out->backwards = w.finds.backwards;
    free(x0);
    free(w.rows);
    free(w.finds.found);
    if (s != STATUS_OK) attack_result_free(out);
    return s;
}
