/* INFER and INPUT_GRAD: the whole net for a tile of samples on the calling thread. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "nets/session_tile_internal.h"

static status allocate_workers(tile_session *t, err *e) {
    size_t each = t->memory.bytes + MEMORY_ALIGNMENT, all; /* workers never share a cache line */
    t->workers = arena_array(&t->arena, (size_t)t->n_workers, sizeof *t->workers);
    if (t->workers && size_multiply(each, (size_t)t->n_workers, &all)) t->block = alloc_aligned(all);
    if (!t->block)
        return err_set(e, STATUS_NO_MEMORY, "no memory for %d workers of %zu bytes", t->n_workers, each);
    memset(t->block, 0, all);
    for (int k = 0; k < t->n_workers; k++)
        t->workers[k].base = t->block + (size_t)k * each;
    return STATUS_OK;
}

status tile_new(const net *n, const weights *w, bool gradient, const run *r, tile_session **out, err *e) {
    tile_session *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t) return err_set(e, STATUS_NO_MEMORY, "no memory for a session");
    t->w = w;
    t->gradient = gradient;
    t->n_workers = r->threads;
    pthread_mutex_init(&t->refolding, NULL);
    status s = lower(n, false, r->kernel, &t->arena, &t->l, e);
    if (s == STATUS_OK && gradient) s = plan_gradient(&t->l, &t->arena, &t->g, e);
    if (s == STATUS_OK) s = packing_new(&t->l, gradient, &t->arena, &t->packed, e);
    if (s == STATUS_OK) s = tile_plan(t, e);
    if (s == STATUS_OK) s = allocate_workers(t, e);
    if (s == STATUS_OK)
        *out = t;
    else
        tile_free(t);
    return s;
}

void tile_free(tile_session *t) {
    if (!t) return;
    pthread_mutex_destroy(&t->refolding);
    free(t->block);
    arena_free(&t->arena);
    free(t);
}

size_t tile_bytes(const tile_session *t) {
    return (t->memory.bytes + MEMORY_ALIGNMENT) * (size_t)t->n_workers + t->packed.bytes;
}

/* Weights change only while no worker runs, so whoever comes first afterwards may repack while the others wait here. */
void tile_refresh(tile_session *t) {
    if (atomic_load(&t->version) == t->w->version) return;
    pthread_mutex_lock(&t->refolding);
    if (atomic_load(&t->version) != t->w->version) {
        for (int k = 0; k < t->l.n_steps; k++)
            for (int pass = LAYER_FORWARD; pass <= (t->gradient ? LAYER_BACKWARD_DATA : LAYER_FORWARD);
                 pass++)
                pack_step(&t->l, &t->packed, (layer_pass)pass, k, t->w);
        atomic_store(&t->version, t->w->version);
    }
    pthread_mutex_unlock(&t->refolding);
}

/* One pass of one worker: where its data are. */
typedef struct tile_pass {
    const tile_session *t;
    uint8_t *base;
    const float *x; /* the caller's input, read where tensor 0 has no buffer */
    int n;
    bool keep;
} tile_pass;

static void *at(const tile_pass *p, int buffer_id) {
    const buffer *b = &p->t->memory.buffers[buffer_id];
    return b->bytes ? p->base + b->offset : NULL;
}

static const float *tensor_at(const tile_pass *p, int id) {
    const float *own = at(p, p->t->tensor_buffers[id]);
    return own ? own : p->x;
}

static float *value_at(const tile_pass *p, int value) {
    return at(p, p->t->value_buffers[value]);
}

static uint8_t *mask_at(const tile_pass *p, int k) {
    return at(p, p->t->mask_buffers[k]);
}

static const float *sample(const float *base, int i, size_t floats) {
    return base ? base + (size_t)i * floats : NULL;
}

/* A call that covers LINEAR_ROWS samples finds zeros in those that are not there. */
static void clear_rows(float *rows, int n, size_t floats) {
    if (n < LINEAR_ROWS)
        memset(rows + (size_t)n * floats, 0, (size_t)(LINEAR_ROWS - n) * floats * sizeof *rows);
}

static void forward_sample(const tile_pass *p, int k, int i) {
    const tile_session *t = p->t;
    const step *s = &t->l.steps[k];
    size_t floats = shape_size(s->view.out);
    uint8_t *stash = p->keep ? at(p, t->stash_buffers[k]) : NULL, *mask = p->keep ? mask_at(p, k) : NULL;
    epilogue post = {.bias = t->packed.steps[k].bias,
                     .addend = s->addend >= 0 ? sample(tensor_at(p, s->addend), i, floats) : NULL,
                     .relu = s->relu,
                     .mask = mask ? mask + (size_t)i * mask_bytes(floats) : NULL};
    layer_io io = {.y = (float *)at(p, t->tensor_buffers[s->out]) + (size_t)i * floats,
                   .packed = t->packed.steps[k].weights[LAYER_FORWARD],
                   .stash = stash ? stash + (size_t)i * stash_bytes(s) : NULL,
                   .scratch = at(p, t->scratch_buffer),
                   .epilogue = &post};
    for (int in = 0; in < s->n_inputs; in++)
        io.x[in] = sample(tensor_at(p, s->inputs[in]), i, tensor_floats(t, s->inputs[in]));
    step_params(&t->l, s->node, t->w, io.params);
    s->op->forward(&s->view, &io);
    if (s->relu && !(s->op->traits & LAYER_FUSES)) epilogue_apply(&post, floats, s->view.out.c, io.y);
}

static void forward_step(const tile_pass *p, int k) {
    const step *s = &p->t->l.steps[k];
    bool rows = s->op->traits & LAYER_ROWS;
    if (rows) {
        int in = s->inputs[0];
        clear_rows(at(p, p->t->tensor_buffers[in]), p->n, tensor_floats(p->t, in));
    }
    for (int i = 0; i < (rows ? 1 : p->n); i++)
        forward_sample(p, k, i);
}

status tile_forward(tile_session *t, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    if (worker < 0 || worker >= t->n_workers || n < 1 || n > SESSION_TILE)
        return err_set(e, STATUS_INTERNAL, "%d samples for worker %d, expected 1..%d for 0..%d", n, worker,
                       (int)SESSION_TILE, t->n_workers - 1);
    tile_refresh(t);
    tile_pass p = {.t = t, .base = t->workers[worker].base, .x = x, .n = n, .keep = keep};
    float *input = at(&p, t->tensor_buffers[0]);
    if (input) memcpy(input, x, (size_t)n * tensor_floats(t, 0) * sizeof *x);
    for (int k = 0; k < t->l.n_steps; k++) {
        double began = t->spent ? clock_seconds() : 0;
        forward_step(&p, k);
        if (t->spent) t->spent[k] += clock_seconds() - began;
    }
    memcpy(logits, tensor_at(&p, t->l.outputs[0]),
           (size_t)n * tensor_floats(t, t->l.outputs[0]) * sizeof *logits);
    t->workers[worker].kept = keep ? n : 0;
    return STATUS_OK;
}

static void backward_sample(const tile_pass *p, const gradient_op *o, int i, const epilogue *post,
                            float *to) {
    const tile_session *t = p->t;
    const step *s = &t->l.steps[o->step];
    size_t floats = shape_size(s->view.out), in_floats = tensor_floats(t, o->tensor);
    uint8_t *stash = at(p, t->stash_buffers[o->step]);
    layer_io io = {.dy = sample(value_at(p, o->from), i, floats),
                   .dx = to,
                   .input = o->input,
                   .packed = t->packed.steps[o->step].weights[LAYER_BACKWARD_DATA],
                   .stash = stash ? stash + (size_t)i * stash_bytes(s) : NULL,
                   .scratch = at(p, t->scratch_buffer),
                   .epilogue = post};
    if (s->op->traits & LAYER_KEEPS_INPUT)
        for (int in = 0; in < s->n_inputs; in++)
            io.x[in] = sample(tensor_at(p, s->inputs[in]), i, tensor_floats(t, s->inputs[in]));
    if (s->op->traits & LAYER_KEEPS_OUTPUT)
        io.y = (float *)at(p, t->tensor_buffers[s->out]) + (size_t)i * floats;
    step_params(&t->l, s->node, t->w, io.params);
    s->op->backward_data(&s->view, &io);
    if (!(s->op->traits & LAYER_FUSES) && (post->addend || post->gate))
        epilogue_apply(post, in_floats, s->view.in[o->input].c, to);
}

static void copy_sample(const float *from, size_t floats, const epilogue *post, float *to) {
    memcpy(to, from, floats * sizeof *to);
    epilogue_apply(post, floats, 1, to);
}

static void run_gradient_op(const tile_pass *p, const gradient_op *o) {
    const tile_session *t = p->t;
    size_t floats = tensor_floats(t, o->tensor);
    const float *addend = o->addend >= 0 ? value_at(p, o->addend) : NULL;
    const uint8_t *gate = o->gate >= 0 ? mask_at(p, o->gate) : NULL;
    bool rows = o->step >= 0 && t->l.steps[o->step].op->traits & LAYER_ROWS;
    if (rows) clear_rows(value_at(p, o->from), p->n, shape_size(t->l.steps[o->step].view.out));
    for (int i = 0; i < (rows ? 1 : p->n); i++) {
        epilogue post = {.addend = sample(addend, i, floats),
                         .gate = gate ? gate + (size_t)i * mask_bytes(floats) : NULL};
        float *to = value_at(p, o->to) + (size_t)i * floats;
        if (o->step >= 0)
            backward_sample(p, o, i, &post, to);
        else
            copy_sample(value_at(p, o->from) + (size_t)i * floats, floats, &post, to);
    }
}

status tile_input_grad(tile_session *t, int worker, int n, const float *dlogits, float *dx, err *e) {
    if (worker < 0 || worker >= t->n_workers || n < 1 || n > t->workers[worker].kept)
        return err_set(e, STATUS_INTERNAL,
                       "a gradient of %d samples by worker %d, whose last forward pass kept %d", n, worker,
                       worker < 0 || worker >= t->n_workers ? 0 : t->workers[worker].kept);
    tile_pass p = {.t = t, .base = t->workers[worker].base, .n = n};
    memcpy(value_at(&p, 0), dlogits, (size_t)n * tensor_floats(t, t->l.outputs[0]) * sizeof *dlogits);
    for (int j = 0; j < t->g.n_ops; j++) {
        double began = t->spent ? clock_seconds() : 0;
        run_gradient_op(&p, &t->g.ops[j]);
        if (t->spent) t->spent[t->l.n_steps + j] += clock_seconds() - began;
    }
    memcpy(dx, value_at(&p, t->g.input_value), (size_t)n * tensor_floats(t, 0) * sizeof *dx);
    return STATUS_OK;
}

bool tile_has_gradient(const tile_session *t) {
    return t->gradient;
}
