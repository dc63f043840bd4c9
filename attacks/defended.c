/* A model behind a chain of defences. Samples are answered draw by draw; draws of all samples share the inner model's tiles, in order, so
 * that means over many cost no more passes than they have draws. */
#include <stdlib.h>
#include <string.h>

#include "attacks/defence.h"
#include "core/arena.h"

/* One draw of one sample. */
typedef struct view {
    int sample; /* in the batch */
    int32_t row;
    uint32_t stream, number, count;
} view;

typedef struct desk { /* of one worker */
    int n;            /* views in the tile */
    view *views;      /* [tile]; after a forward with keep, what model_vjp goes back through */
    float *stages;    /* [chain + 1][tile] images: those asked about, and after each step */
    float *logits;    /* [tile x classes] of the views */
    double *sums;     /* [tile x classes] of the samples */
    float *slopes[2]; /* a tile of images; one image */
} desk;

typedef struct defended {
    model model, *inner;
    defence_chain chain;
    defended_options options;
    size_t pixels, classes;
    desk *desks;         /* [worker] */
    model_draws *single; /* [tile]: the first draw of row 0 */
    arena memory;
} defended;

static float *stage_of(const defended *m, const desk *k, int stage, int place) {
    return k->stages + ((size_t)stage * (size_t)m->model.tile + (size_t)place) * m->pixels;
}

static rng stream_of(const defended *m, const view *v, int step) {
    return rng_stream(m->options.seed, "defence", (uint32_t)step, (uint32_t)v->row, v->stream, v->number);
}

static status transform(const defended *m, desk *k, int place, err *e) {
    status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < m->chain.n; i++) {
        const defence *kind = m->chain.steps[i].kind;
        rng g = stream_of(m, &k->views[place], i);
        s = kind->apply(m->chain.steps[i].strength, m->model.input, &g, stage_of(m, k, i, place),
                        stage_of(m, k, i + 1, place), e);
        if (s != STATUS_OK) s = err_prefix(e, s, "%s", kind->name);
    }
    return s;
}

/* Answers the views of a full or last tile, and adds them to the sums of their samples. */
static status flush(defended *m, desk *k, int worker, bool keep, err *e) {
    status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < k->n; i++)
        s = transform(m, k, i, e);
    if (s == STATUS_OK)
        s = model_forward(m->inner, worker, k->n, stage_of(m, k, m->chain.n, 0), keep, k->logits, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < k->n; i++) {
        double *sum = k->sums + (size_t)k->views[i].sample * m->classes;
        for (size_t c = 0; c < m->classes; c++)
            sum[c] += (double)k->logits[(size_t)i * m->classes + c];
    }
    return STATUS_OK;
}

static status too_many(const defended *m, int n, const model_draws *draws, err *e) {
    uint64_t total = 0;
    for (int i = 0; i < n; i++)
        total += draws[i].count;
    if (total <= (uint64_t)m->model.tile) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "gradients of %llu draws at once, expected at most %d",
                   (unsigned long long)total, m->model.tile);
}

static status forward_drawn(void *self, int worker, int n, const float *x, const model_draws *draws,
                            bool keep, float *logits, err *e) {
    defended *m = self;
    desk *k = &m->desks[worker];
    status s = keep ? too_many(m, n, draws, e) : STATUS_OK;
    memset(k->sums, 0, (size_t)n * m->classes * sizeof *k->sums);
    k->n = 0;
    for (int i = 0; i < n; i++)
        for (uint32_t d = 0; s == STATUS_OK && d < draws[i].count; d++) {
            if (k->n == m->model.tile) {
                s = flush(m, k, worker, keep, e);
                k->n = 0;
            }
            k->views[k->n] = (view){i, draws[i].row, draws[i].stream, draws[i].first + d, draws[i].count};
            memcpy(stage_of(m, k, 0, k->n++), x + (size_t)i * m->pixels, m->pixels * sizeof *x);
        }
    if (s == STATUS_OK) s = flush(m, k, worker, keep, e);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        for (size_t c = (size_t)i * m->classes; c < ((size_t)i + 1) * m->classes; c++)
            logits[c] = (float)(k->sums[c] / draws[i].count);
    return s;
}

/* One draw each, the same for all: of a chain that is not random there is no other. */
static status forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    defended *m = self;
    return forward_drawn(m, worker, n, x, m->single, keep, logits, e);
}

/* From the derivative after the last step (slopes[0]) to that of the image, there again. */
static void pull_back(const defended *m, desk *k, int place, float *slope) {
    const view *v = &k->views[place];
    for (int i = m->chain.n - 1; i >= 0; i--) {
        const defence *kind = m->chain.steps[i].kind;
        if (!kind->pull && m->options.bpda) continue;
        if (!kind->pull) {
            memset(slope, 0, m->pixels * sizeof *slope);
            return;
        }
        rng g = stream_of(m, v, i);
        kind->pull(m->chain.steps[i].strength, m->model.input, &g, stage_of(m, k, i, place), slope,
                   k->slopes[1]);
        memcpy(slope, k->slopes[1], m->pixels * sizeof *slope);
    }
}

static status vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    defended *m = self;
    desk *k = &m->desks[worker];
    for (int i = 0; i < k->n; i++)
        for (size_t c = 0; c < m->classes; c++)
            k->logits[(size_t)i * m->classes + c] =
                dlogits[(size_t)k->views[i].sample * m->classes + c] / (float)k->views[i].count;
    status s = model_vjp(m->inner, worker, k->n, k->logits, k->slopes[0], e);
    memset(dx, 0, (size_t)n * m->pixels * sizeof *dx);
    for (int i = 0; s == STATUS_OK && i < k->n; i++) {
        float *slope = k->slopes[0] + (size_t)i * m->pixels,
              *to = dx + (size_t)k->views[i].sample * m->pixels;
        pull_back(m, k, i, slope);
        for (size_t p = 0; p < m->pixels; p++)
            to[p] += slope[p];
    }
    return s;
}

static void defended_free(void *self) {
    defended *m = self;
    if (!m) return;
    model_free(m->inner);
    arena_free(&m->memory);
    free(m);
}

static bool allocate(defended *m) {
    size_t tile = (size_t)m->model.tile, image = m->pixels * sizeof(float);
    m->single = arena_array(&m->memory, tile, sizeof *m->single);
    for (size_t i = 0; m->single && i < tile; i++)
        m->single[i].count = 1;
    m->desks = arena_array(&m->memory, (size_t)m->model.workers, sizeof *m->desks);
    for (int i = 0; m->desks && i < m->model.workers; i++) {
        desk *k = &m->desks[i];
        k->views = arena_array(&m->memory, tile, sizeof *k->views);
        k->stages = arena_array(&m->memory, tile * ((size_t)m->chain.n + 1), image);
        k->logits = arena_array(&m->memory, tile, m->classes * sizeof *k->logits);
        k->sums = arena_array(&m->memory, tile, m->classes * sizeof *k->sums);
        k->slopes[0] = arena_array(&m->memory, tile, image);
        k->slopes[1] = arena_array(&m->memory, 1, image);
        if (!k->views || !k->stages || !k->logits || !k->sums || !k->slopes[0] || !k->slopes[1]) return false;
    }
    return m->desks && m->single;
}

/* Random or not, with a gradient or without. */
static const model_ops ops[2][2] = {
    {{.forward = forward, .free = defended_free}, {.forward = forward, .vjp = vjp, .free = defended_free}},
    {{.forward = forward, .free = defended_free, .forward_drawn = forward_drawn},
     {.forward = forward, .vjp = vjp, .free = defended_free, .forward_drawn = forward_drawn}}};

status model_defended(model *inner, const defence_chain *c, const defended_options *o, model **out, err *e) {
    *out = NULL;
    defended *m = calloc(1, sizeof *m);
    if (!m) {
        model_free(inner);
        return err_set(e, STATUS_NO_MEMORY, "no memory for a model");
    }
    bool random = defence_is_random(c);
    *m = (defended){.model = *inner,
                    .inner = inner,
                    .chain = *c,
                    .options = *o,
                    .pixels = shape_size(inner->input),
                    .classes = (size_t)inner->classes};
    m->model.ops = &ops[random][model_has_gradient(inner)];
    m->model.self = m;
    m->model.votes = random ? o->votes : 1;
    if (!allocate(m)) {
        defended_free(m);
        return err_set(e, STATUS_NO_MEMORY, "no memory for a model behind %d defences", c->n);
    }
    *out = &m->model;
    return STATUS_OK;
}
