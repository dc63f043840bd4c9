/* Who is on the panel, and how it is evaluated. */
#include <stdlib.h>
#include <string.h>

#include "audit/diagnosis/panel_internal.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "nets/loss.h"
#include "nets/predict.h"

static run quiet_run(const model *m, const run *r) {
    run q = model_run(m, r);
    return (run){.seed = q.seed, .threads = q.threads, .kernel = q.kernel, .cancel = q.cancel};
}

/* Of twice as many candidates the first that are right: where the model is wrong unchanged there is nothing to attack. `rows` has
 * PANEL_IMAGES places. */
static int choose(const dataset *candidates, const float *logits, int32_t *rows) {
    int n = 0;
    for (int i = 0; i < candidates->n && n < PANEL_IMAGES; i++)
        if (logits_correct(logits + (size_t)i * (size_t)candidates->classes, candidates->classes,
                           candidates->labels[i]))
            rows[n++] = i;
    return n;
}

static status choose_from(panel *p, const dataset *candidates, err *e) {
    int32_t rows[PANEL_IMAGES];
    float *logits = calloc((size_t)candidates->n * (size_t)candidates->classes + 1, sizeof *logits);
    status s = logits ? predict_logits(p->m, candidates, &p->r, "panel", logits, e)
                      : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        p->forwards += (uint64_t)candidates->n;
        p->n = choose(candidates, logits, rows);
        if (p->n > 0) s = dataset_select(candidates, rows, p->n, &p->d, e);
    }
    free(logits);
    return s;
}

static status choose_images(panel *p, const dataset *d, err *e) {
    int32_t *rows = NULL;
    int count = 0;
    dataset candidates = {0};
    status s = dataset_sample_rows(d, seed_derive(p->r.seed, "panel", 0), 2 * PANEL_IMAGES, &rows, &count, e);
    if (s == STATUS_OK) s = dataset_select(d, rows, count, &candidates, e);
    if (s == STATUS_OK) s = choose_from(p, &candidates, e);
    dataset_free(&candidates);
    free(rows);
    return s;
}

static bool walk_alloc(panel *p, walk *w) {
    size_t n = (size_t)p->n;
    w->walked = arena_array(&p->memory, n, sizeof(bool));
    w->broken = arena_array(&p->memory, n, sizeof(bool));
    w->passed = arena_array(&p->memory, n, sizeof(bool));
    w->last_broken = arena_array(&p->memory, n, sizeof(bool));
    w->best = arena_array(&p->memory, n, sizeof(float));
    return w->walked && w->broken && w->passed && w->last_broken && w->best;
}

static status allocate(panel *p, err *e) {
    walk *const walks[] = {&p->many,  &p->whole,  &p->one_step, &p->twice,
                           &p->noise, &p->square, &p->small,    &p->grey};
    p->images = arena_array(&p->memory, (size_t)p->n, p->size * sizeof(float));
    p->clean = arena_array(&p->memory, (size_t)p->n, (size_t)p->classes * sizeof(float));
    p->margins = arena_array(&p->memory, (size_t)p->n, sizeof(float));
    bool ok = p->images && p->clean && p->margins;
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
        ok = ok && walk_alloc(p, walks[i]);
    return ok ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for a panel of %d images", p->n);
}

static status look_at_clean(panel *p, err *e) {
    status s = predict_logits(p->m, &p->d, &p->r, "panel", p->clean, e);
    p->forwards += (uint64_t)p->n;
    for (int i = 0; i < p->n; i++) {
        dataset_image(&p->d, i, p->images + (size_t)i * p->size);
        p->margins[i] = logits_margin(p->clean + (size_t)i * (size_t)p->classes, p->classes, p->d.labels[i]);
    }
    return s;
}

status panel_open(panel *p, model *m, const dataset *d, const diagnosis_plan *plan, const run *r, err *e) {
    bool own = plan->norm != NORM_LINF && plan->norm != NORM_L2;
    *p = (panel){.m = m,
                 .r = quiet_run(m, r),
                 .classes = d->classes,
                 .size = shape_size(d->image),
                 .norm = own ? NORM_LINF : plan->norm,
                 .eps = own ? (d->image.c == 1 ? 0.05 : 4.0 / 255) : plan->eps,
                 .options = plan->options};
    p->smaller = own ? p->eps / 2 : plan->smaller;
    p->stand_in = plan->stand_in;
    if (!model_has_gradient(m)) return err_set(e, STATUS_USAGE, "the model gives no gradients to diagnose");
    status s = choose_images(p, d, e);
    if (s == STATUS_OK && p->n > 0) s = allocate(p, e);
    if (s == STATUS_OK && p->n > 0) s = look_at_clean(p, e);
    if (s != STATUS_OK) panel_close(p);
    return s;
}

void panel_close(panel *p) {
    dataset_free(&p->d);
    arena_free(&p->memory);
    *p = (panel){0};
}

enum { GROUP_IMAGES = 16 };

typedef struct crew {
    panel_group *groups;
    status (*body)(panel_group *g, void *user);
    void *user;
    first_failure failed;
} crew;

static status run_group(void *context, int chunk, int worker) {
    crew *all = context;
    panel_group *g = &all->groups[chunk];
    g->worker = worker;
    return failure_note(&all->failed, chunk, all->body(g, all->user), &g->e);
}

status panel_groups(panel *p, status (*body)(panel_group *g, void *user), void *user, err *e) {
    int images = p->m->tile < GROUP_IMAGES ? p->m->tile : GROUP_IMAGES, n = (p->n + images - 1) / images;
    crew all = {.groups = calloc((size_t)n + 1, sizeof(panel_group)), .body = body, .user = user};
    if (!all.groups) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n; i++) {
        int left = p->n - i * images;
        all.groups[i] = (panel_group){.p = p, .first = i * images, .n = left < images ? left : images};
    }
    status s = parallel_for(&p->r, n, run_group, &all);
    for (int i = 0; i < n; i++) {
        p->forwards += all.groups[i].forwards;
        p->backwards += all.groups[i].backwards;
    }
    free(all.groups);
    return failure_report(&all.failed, s, "diagnosis", e);
}

status group_forward(panel_group *g, int n, const float *x, float *logits) {
    g->forwards += (uint64_t)n;
    return model_forward(g->p->m, g->worker, n, x, false, logits, &g->e);
}

status group_gradient(panel_group *g, int n, const float *x, const float *dz, float *logits, float *dx) {
    g->forwards += (uint64_t)n;
    g->backwards += (uint64_t)n;
    status s = model_forward(g->p->m, g->worker, n, x, true, logits, &g->e);
    return s == STATUS_OK ? model_vjp(g->p->m, g->worker, n, dz, dx, &g->e) : s;
}

void group_cotangents(const panel_group *g, float *dz) {
    const panel *p = g->p;
    size_t classes = (size_t)p->classes;
    memset(dz, 0, (size_t)g->n * classes * sizeof *dz);
    for (int i = 0; i < g->n; i++) {
        const float *z = p->clean + (size_t)(g->first + i) * classes;
        int label = p->d.labels[g->first + i], other = -1;
        for (int k = 0; k < p->classes; k++)
            if (k != label && (other < 0 || z[k] > z[other])) other = k;
        dz[(size_t)i * classes + (size_t)label] = 1;
        if (other >= 0) dz[(size_t)i * classes + (size_t)other] = -1;
    }
}

double contract(const float *c, const float *z, int classes) {
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum += (double)c[k] * z[k];
    return sum;
}
