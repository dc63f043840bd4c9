/* Attacks on a whole batch, tile by tile. */
#include <math.h>
#include <stdlib.h>

#include "attacks/evasion/evasion_internal.h"
#include "attacks/runner_internal.h"
#include "attacks/train/robust_internal.h"
#include "core/parallel.h"
#include "nets/loss.h"

/* A tile's memory: two ends of the ball and a gradient (d each), logits, their gradient and the softmax of the images (classes each). */
typedef struct tile_memory {
    float *lb, *ub, *dx, *logits, *dz, *clean;
} tile_memory;

static tile_memory memory_of(const perturber *p, int worker) {
    size_t images = (size_t)SESSION_TILE * p->d, answers = (size_t)SESSION_TILE * (size_t)p->net->classes;
    float *at = p->scratch + (size_t)worker * p->scratch_floats;
    float *z = at + 3 * images;
    return (tile_memory){at, at + images, at + 2 * images, z, z + answers, z + 2 * answers};
}

status perturber_new(const net *n, const run *r, perturber *out, err *e) {
    size_t bytes;
    *out = (perturber){.net = n, .run = *r, .d = shape_size(n->input)};
    size_t floats = (size_t)SESSION_TILE * 3 * (out->d + (size_t)n->classes);
    out->scratch_floats = (floats + 15) / 16 * 16; /* workers never share a cache line */
    if (size_multiply(out->scratch_floats * sizeof(float), (size_t)r->threads, &bytes))
        out->scratch = alloc_aligned(bytes);
    return out->scratch ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory to attack batches");
}

void perturber_free(perturber *p) {
    model_free(p->model);
    free(p->scratch);
    *p = (perturber){0};
}

/* The model of these weights: the same as the last time, but where averages are judged. It folds anew when their version moves. */
static status look_at(perturber *p, const weights *w, err *e) {
    if (p->of == w) return STATUS_OK;
    model_free(p->model);
    p->model = NULL;
    p->of = NULL;
    status s = model_of_net(p->net, w, true, &p->run, &p->model, e);
    if (s == STATUS_OK) p->of = w;
    return s;
}

typedef struct batch_attack {
    const perturber *p;
    const batch *b;
    const perturbation *how;
    float *out;
} batch_attack;

static attack_sample sample_of(const batch_attack *a, const tile_memory *m, int first, int i) {
    size_t at = (size_t)i * a->p->d;
    return (attack_sample){.d = a->p->d,
                           .classes = a->p->net->classes,
                           .label = a->b->labels[first + i],
                           .target = -1,
                           .norm = NORM_LINF,
                           .eps = a->how->eps,
                           .x0 = a->b->x + (size_t)first * a->p->d + at,
                           .lb = m->lb + at,
                           .ub = m->ub + at};
}

static void start_sample(const batch_attack *a, const tile_memory *m, int first, int i) {
    const batch *b = a->b;
    attack_sample s = sample_of(a, m, first, i);
    float *x = a->out + (size_t)(first + i) * s.d;
    rng g = rng_stream(a->p->run.seed, a->how->stream, 0, (uint32_t)b->ids[first + i], (uint32_t)b->epoch,
                       (uint32_t)b->step);
    float deviation = a->how->start == START_NOISE ? (float)a->how->sigma : 0.001f;
    bool open = a->how->start == START_OPEN;
    if (a->how->start != START_NOISE)
        ball_box(NORM_LINF, s.eps, s.x0, s.d, m->lb + (size_t)i * s.d, m->ub + (size_t)i * s.d);
    if (a->how->start == START_UNIFORM) {
        ball_random(&s, &g, x);
        return;
    }
    for (size_t k = 0; k < s.d; k++)
        x[k] = s.x0[k] + (open ? rng_range(&g, -(float)s.eps, (float)s.eps) : deviation * rng_normal(&g));
    for (size_t k = 0; k < s.d && a->how->start == START_NEAR; k++)
        x[k] = fminf(fmaxf(x[k], s.lb[k]), s.ub[k]);
}

/* The gradient of KL(p || softmax(z)) is softmax(z) - p; its largest component is minus the sum of the others, and not a difference of two numbers near 1.
 * Scaled to length 1, since only its direction counts and the net's backward pass is in float32. */
static void divergence_gradient(const float *p, const float *z, int classes, float *dz) {
    int best = 0;
    float others = 0, most = 0;
    softmax(z, classes, dz);
    for (int k = 1; k < classes; k++)
        best = p[k] > p[best] ? k : best;
    for (int k = 0; k < classes; k++) {
        dz[k] -= p[k];
        if (k != best) others += dz[k];
    }
    dz[best] = -others;
    for (int k = 0; k < classes; k++)
        most = fmaxf(most, fabsf(dz[k]));
    for (int k = 0; k < classes && most > 0; k++)
        dz[k] /= most;
}

static status climb(const batch_attack *a, const tile_memory *m, int worker, int first, int n) {
    int classes = a->p->net->classes;
    float *x = a->out + (size_t)first * a->p->d;
    err ignored; /* a model of a net fails on wrong numbers of samples alone */
    status s = model_forward(a->p->model, worker, n, x, true, m->logits, &ignored);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < n; i++) {
        attack_sample sample = sample_of(a, m, first, i);
        const float *z = m->logits + i * classes;
        if (a->how->divergence)
            divergence_gradient(m->clean + i * classes, z, classes, m->dz + i * classes);
        else
            judge_loss(&sample, z, m->dz + i * classes);
    }
    s = model_vjp(a->p->model, worker, n, m->dz, m->dx, &ignored);
    for (int i = 0; s == STATUS_OK && i < n; i++) {
        attack_sample sample = sample_of(a, m, first, i);
        ball_ascend(&sample, a->how->step_size, m->dx + (size_t)i * a->p->d, x + (size_t)i * a->p->d);
    }
    return s;
}

static status clean_answers(const batch_attack *a, const tile_memory *m, int worker, int first, int n) {
    int classes = a->p->net->classes;
    err ignored;
    status s =
        model_forward(a->p->model, worker, n, a->b->x + (size_t)first * a->p->d, false, m->logits, &ignored);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        softmax(m->logits + i * classes, classes, m->clean + i * classes);
    return s;
}

static status attack_tile(void *context, int tile, int worker) {
    const batch_attack *a = context;
    tile_memory m = memory_of(a->p, worker);
    int first = tile * SESSION_TILE, left = a->b->n - first, n = left < SESSION_TILE ? left : SESSION_TILE;
    for (int i = 0; i < n; i++)
        start_sample(a, &m, first, i);
    status s = a->how->divergence ? clean_answers(a, &m, worker, first, n) : STATUS_OK;
    for (int k = 0; s == STATUS_OK && k < a->how->steps; k++)
        s = climb(a, &m, worker, first, n);
    return s;
}

static int tiles_of(int n) {
    return (n + SESSION_TILE - 1) / SESSION_TILE;
}

status perturb_batch(perturber *p, const weights *w, const batch *b, const perturbation *how, float *out,
                     err *e) {
    batch_attack a = {p, b, how, out};
    status s = look_at(p, w, e);
    if (s != STATUS_OK) return s;
    s = parallel_for(&p->run, tiles_of(b->n), attack_tile, &a);
    return s == STATUS_OK ? s : err_set(e, s, "the attack on a training batch failed");
}

typedef struct count_job {
    const perturber *p;
    const float *x;
    const int32_t *labels;
    int n;
    int *right; /* of each tile */
} count_job;

static status count_tile(void *context, int tile, int worker) {
    const count_job *c = context;
    tile_memory m = memory_of(c->p, worker);
    err ignored;
    int first = tile * SESSION_TILE, left = c->n - first, n = left < SESSION_TILE ? left : SESSION_TILE;
    status s =
        model_forward(c->p->model, worker, n, c->x + (size_t)first * c->p->d, false, m.logits, &ignored);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        c->right[tile] +=
            logits_correct(m.logits + i * c->p->net->classes, c->p->net->classes, c->labels[first + i]);
    return s;
}

status perturber_count(perturber *p, const weights *w, const float *x, const int32_t *labels, int n,
                       int *correct, err *e) {
    count_job job = {p, x, labels, n, calloc((size_t)tiles_of(n) + 1, sizeof *job.right)};
    *correct = 0;
    status s = job.right ? look_at(p, w, e) : err_set(e, STATUS_NO_MEMORY, "no memory to judge a batch");
    if (s == STATUS_OK) {
        s = parallel_for(&p->run, tiles_of(n), count_tile, &job);
        if (s != STATUS_OK) err_set(e, s, "judging a training batch failed");
    }
    for (int i = 0; s == STATUS_OK && i < tiles_of(n); i++)
        *correct += job.right[i];
    free(job.right);
    return s;
}

status perturber_judge_clean(perturber *p, const weights *w, const batch *b, batch_result *result, err *e) {
    result->clean_n = b->n < SESSION_TILE ? b->n : SESSION_TILE;
    return perturber_count(p, w, b->x, b->labels, result->clean_n, &result->clean_correct, e);
}
