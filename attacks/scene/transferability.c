#include "attacks/transferability.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/changed.h"
#include "core/arena.h"
#include "core/rng.h"

/* What noise of a size is added to which images. */
typedef struct noise {
    const dataset *d;
    norm norm;
    double eps;
    uint64_t seed;
} noise;

static void add_noise(const void *how, int row, float *x) {
    const noise *k = how;
    size_t d = shape_size(k->d->image);
    double sum = 0, scale = k->eps;
    rng g = rng_stream(k->seed, "transfer-noise", 0, (uint32_t)k->d->ids[row], 0, 0);
    for (size_t i = 0; k->norm == NORM_L2 && i < d; i++) {
        double v = rng_normal(&g);
        sum += v * v;
    }
    if (k->norm == NORM_L2) {
        g = rng_stream(k->seed, "transfer-noise", 0, (uint32_t)k->d->ids[row], 0, 0);
        scale = sum > 0 ? k->eps / sqrt(sum) : 0;
    }
    for (size_t i = 0; i < d; i++) {
        double v = k->norm == NORM_L2 ? (double)rng_normal(&g) : rng_u32(&g) & 1 ? 1 : -1;
        x[i] = (float)fmin(fmax(x[i] + scale * v, 0), 1);
    }
}

/* The examples of a source, in place of the images. */
typedef struct replaced {
    const float *examples;
    size_t d;
} replaced;

static void replace(const void *how, int row, float *x) {
    const replaced *k = how;
    memcpy(x, k->examples + (size_t)row * k->d, k->d * sizeof *x);
}

const int32_t *transferability_answers(const transferability *t, int source, int target) {
    return t->answers + (size_t)(source * t->models + target) * (size_t)t->n;
}

int64_t transferability_pairs(const transferability *t, const dataset *d, int source, int target,
                              int64_t *n) {
    const int32_t *own = transferability_answers(t, source, source),
                  *other = transferability_answers(t, source, target);
    const int32_t *clean_own = t->clean + (size_t)source * (size_t)t->n,
                  *clean_other = t->clean + (size_t)target * (size_t)t->n;
    int64_t moved = 0;
    *n = 0;
    for (int row = 0; row < t->n; row++) {
        int label = d->labels[row];
        if (clean_own[row] != label || clean_other[row] != label || own[row] == label) continue;
        moved += other[row] != label;
        *n += 1;
    }
    return moved;
}

static status result_alloc(transferability *t, int models, const dataset *d, err *e) {
    size_t n = (size_t)d->n, m = (size_t)models, images;
    *t = (transferability){.models = models, .n = d->n};
    t->clean = calloc(m * n + 1, sizeof *t->clean);
    t->noisy = calloc(m * n + 1, sizeof *t->noisy);
    t->answers = calloc(m * m * n + 1, sizeof *t->answers);
    if (size_multiply(m * TRANSFERABILITY_SHOWN, shape_size(d->image), &images))
        t->examples = calloc(images, sizeof *t->examples);
    if (t->clean && t->noisy && t->answers && t->examples) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for the answers of %d models to %d images", models, d->n);
}

void transferability_free(transferability *t) {
    free(t->clean);
    free(t->noisy);
    free(t->answers);
    free(t->examples);
    *t = (transferability){0};
}

/* Images that every model gets right. */
static status choose_shown(transferability *t, const dataset *d, err *e) {
    uint8_t *right = calloc((size_t)d->n + 1, 1);
    if (!right) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int row = 0; row < d->n; row++) {
        right[row] = 1;
        for (int k = 0; k < t->models; k++)
            right[row] &= t->clean[(size_t)k * (size_t)t->n + (size_t)row] == d->labels[row];
    }
    t->shown = rows_spread(d, right, TRANSFERABILITY_SHOWN, t->rows);
    free(right);
    return STATUS_OK;
}

/* What is the same for every source. */
typedef struct crowd {
    model *const *models;
    const char *const *names;
    const dataset *d;
    const walk_plan *p;
    const run *r;
    float *examples; /* n x d */
    transferability *out;
} crowd;

/* What all models say to changed images. */
static status ask_all(const crowd *c, const image_change *change, const char *what, int32_t *answers,
                      err *e) {
    for (int k = 0; k < c->out->models; k++) {
        char stage[64];
        snprintf(stage, sizeof stage, "%.24s -> %.24s", what, c->names[k]);
        status s = changed_answers(c->models[k], c->d, change, c->r, stage,
                                   answers + (size_t)k * (size_t)c->d->n, e);
        if (s == STATUS_CANCELLED) return s;
        if (s != STATUS_OK) return err_prefix(e, s, "%s", c->names[k]);
        c->out->cost.forwards += (uint64_t)c->d->n;
    }
    return STATUS_OK;
}

static status attack_with(const crowd *c, int source, err *e) {
    transferability *t = c->out;
    size_t d = shape_size(c->d->image), all = (size_t)t->models * (size_t)t->n;
    status s = walk_all(c->models[source], c->d, c->p, c->r, c->examples, &t->cost, e);
    if (s == STATUS_CANCELLED) return s;
    if (s != STATUS_OK) return err_prefix(e, s, "%s", c->names[source]);
    replaced k = {c->examples, d};
    image_change change = {replace, &k};
    s = ask_all(c, &change, c->names[source], t->answers + (size_t)source * all, e);
    for (int i = 0; s == STATUS_OK && i < t->shown; i++)
        memcpy(t->examples + ((size_t)source * (size_t)t->shown + (size_t)i) * d,
               c->examples + (size_t)t->rows[i] * d, d * sizeof *t->examples);
    return s;
}

static status run_all(const crowd *c, err *e) {
    transferability *t = c->out;
    noise k = {c->d, c->p->norm, c->p->eps, c->r->seed};
    image_change change = {add_noise, &k};
    status s = ask_all(c, &image_unchanged, "clean", t->clean, e);
    if (s == STATUS_OK) s = ask_all(c, &change, "noise", t->noisy, e);
    if (s == STATUS_OK) s = choose_shown(t, c->d, e);
    while (s == STATUS_OK && t->sources < t->models) {
        s = attack_with(c, t->sources, e);
        if (s == STATUS_OK) t->sources++;
    }
    return s;
}

status transferability_run(model *const *models, const char *const *names, int n_models, const dataset *d,
                           const walk_plan *p, const run *r, transferability *out, err *e) {
    *out = (transferability){0};
    if (n_models < 1 || n_models > TRANSFERABILITY_MODELS)
        return err_set(e, STATUS_USAGE, "%d models, expected 1..%d", n_models, TRANSFERABILITY_MODELS);
    crowd c = {models, names, d, p, r, NULL, out};
    size_t floats;
    status s = result_alloc(out, n_models, d, e);
    if (s == STATUS_OK && size_multiply((size_t)d->n, shape_size(d->image), &floats))
        c.examples = malloc((floats + 1) * sizeof *c.examples);
    if (s == STATUS_OK && !c.examples) s = err_set(e, STATUS_NO_MEMORY, "no memory for %d examples", d->n);
    if (s == STATUS_OK) s = run_all(&c, e);
    free(c.examples);
    if (s != STATUS_OK && (s != STATUS_CANCELLED || out->sources == 0)) transferability_free(out);
    return s;
}
