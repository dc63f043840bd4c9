/* INFER and INPUT_GRAD: the whole net for a tile of samples on the calling thread, stage by stage. */
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

/* Sample i of a tensor, a value: a local one has places for a strip only. */
static float *tensor_at(const tile_pass *p, int id, int i) {
    float *own = at(p, p->t->tensor_buffers[id]);
    size_t place = (size_t)(p->t->tensor_local[id] ? i % STRIP : i);
    return own ? own + place * tensor_floats(p->t, id) : NULL;
}

static const float *input_at(const tile_pass *p, int id, int i) {
    const float *own = tensor_at(p, id, i);
    return own ? own : p->x + (size_t)i * tensor_floats(p->t, id);
}

static float *value_at(const tile_pass *p, int value, int i) {
    size_t place = (size_t)(p->t->value_local[value] ? i % STRIP : i);
    return (float *)at(p, p->t->value_buffers[value]) +
           place * tensor_floats(p->t, p->t->g.tensor_of_value[value]);
}

static uint8_t *mask_at(const tile_pass *p, int k) {
    return at(p, p->t->mask_buffers[k]);
}

/* Rows of a call that takes all n samples. */
static int rows_of(int n) {
    return (n + LINEAR_ROWS - 1) / LINEAR_ROWS * LINEAR_ROWS;
}

/* Such a call finds zeros in the samples that are not there. */
static void clear_rows(float *rows, int n, size_t floats) {
    memset(rows + (size_t)n * floats, 0, (size_t)(rows_of(n) - n) * floats * sizeof *rows);
}

static void forward_sample(const tile_pass *p, int k, int i) {
    const tile_session *t = p->t;
    const step *s = &t->l.steps[k];
    size_t floats = shape_size(s->view.out);
    uint8_t *stash = p->keep ? at(p, t->stash_buffers[k]) : NULL, *mask = p->keep ? mask_at(p, k) : NULL;
    epilogue post = {.bias = t->packed.steps[k].bias,
                     .addend = s->addend >= 0 ? input_at(p, s->addend, i) : NULL,
                     .relu = s->relu,
                     .mask = mask ? mask + (size_t)i * mask_bytes(floats) : NULL};
    layer_io io = {.y = tensor_at(p, s->out, i),
                   .packed = t->packed.steps[k].weights[LAYER_FORWARD],
                   .stash = stash ? stash + (size_t)i * stash_bytes(s) : NULL,
                   .scratch = at(p, t->scratch_buffer),
                   .epilogue = &post,
                   .n = rows_of(p->n)};
    for (int in = 0; in < s->n_inputs; in++)
        io.x[in] = input_at(p, s->inputs[in], i);
    step_params(&t->l, s->node, t->w, io.params);
    s->op->forward(&s->view, &io);
    if (s->relu && !(s->op->traits & LAYER_FUSES)) epilogue_apply(&post, floats, s->view.out.c, io.y);
}

/* Step k for samples [first, end), or for all of them at once. */
static void forward_step(const tile_pass *p, int k, bool rows, int first, int end) {
    const step *s = &p->t->l.steps[k];
    if (rows) clear_rows(tensor_at(p, s->inputs[0], 0), p->n, tensor_floats(p->t, s->inputs[0]));
    for (int i = first; i < (rows ? 1 : end); i++)
        forward_sample(p, k, i);
}

/* Step or operation k of a stage for samples [first, end). */
typedef void stage_run(const tile_pass *p, int k, bool rows, int first, int end);

/* `spent`: seconds of each k, or NULL. */
static void run_stage(const tile_pass *p, const stage *g, stage_run *run_one, double *spent) {
    int strip = g->rows ? p->n : STRIP;
    for (int first = 0; first < p->n; first += strip) {
        int end = p->n - first < strip ? p->n : first + strip;
        for (int k = g->first; k < g->end; k++) {
            double began = spent ? clock_seconds() : 0;
            run_one(p, k, g->rows, first, end);
            if (spent) spent[k] += clock_seconds() - began;
        }
    }
}

status tile_forward(tile_session *t, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    if (worker < 0 || worker >= t->n_workers || n < 1 || n > SESSION_TILE)
        return err_set(e, STATUS_INTERNAL, "%d samples for worker %d, expected 1..%d for 0..%d", n, worker,
                       (int)SESSION_TILE, t->n_workers - 1);
    tile_refresh(t);
    tile_pass p = {.t = t, .base = t->workers[worker].base, .x = x, .n = n, .keep = keep};
    float *input = at(&p, t->tensor_buffers[0]);
    if (input) memcpy(input, x, (size_t)n * tensor_floats(t, 0) * sizeof *x);
    for (int k = 0; k < t->n_forward; k++)
        run_stage(&p, &t->forward[k], forward_step, t->spent);
    memcpy(logits, input_at(&p, t->l.outputs[0], 0),
           (size_t)n * tensor_floats(t, t->l.outputs[0]) * sizeof *logits);
    t->workers[worker].kept = keep ? n : 0;
    return STATUS_OK;
}

static void backward_sample(const tile_pass *p, const gradient_op *o, int i, const epilogue *post,
                            float *to) {
    const tile_session *t = p->t;
    const step *s = &t->l.steps[o->step];
    size_t in_floats = tensor_floats(t, o->tensor);
    uint8_t *stash = at(p, t->stash_buffers[o->step]);
    layer_io io = {.dy = value_at(p, o->from, i),
                   .dx = to,
                   .input = o->input,
                   .packed = t->packed.steps[o->step].weights[LAYER_BACKWARD_DATA],
                   .stash = stash ? stash + (size_t)i * stash_bytes(s) : NULL,
                   .scratch = at(p, t->scratch_buffer),
                   .epilogue = post,
                   .n = rows_of(p->n)};
    if (s->op->traits & LAYER_KEEPS_INPUT)
        for (int in = 0; in < s->n_inputs; in++)
            io.x[in] = input_at(p, s->inputs[in], i);
    if (s->op->traits & LAYER_KEEPS_OUTPUT) io.y = tensor_at(p, s->out, i);
    step_params(&t->l, s->node, t->w, io.params);
    s->op->backward_data(&s->view, &io);
    if (!(s->op->traits & LAYER_FUSES) && (post->addend || post->gate))
        epilogue_apply(post, in_floats, s->view.in[o->input].c, to);
}

static void copy_sample(const float *from, size_t floats, const epilogue *post, float *to) {
    memcpy(to, from, floats * sizeof *to);
    epilogue_apply(post, floats, 1, to);
}

static void gradient_step(const tile_pass *p, int j, bool rows, int first, int end) {
    const tile_session *t = p->t;
    const gradient_op *o = &t->g.ops[j];
    size_t floats = tensor_floats(t, o->tensor);
    const uint8_t *gate = o->gate >= 0 ? mask_at(p, o->gate) : NULL;
    if (rows) clear_rows(value_at(p, o->from, 0), p->n, shape_size(t->l.steps[o->step].view.out));
    for (int i = first; i < (rows ? 1 : end); i++) {
        epilogue post = {.addend = o->addend >= 0 ? value_at(p, o->addend, i) : NULL,
                         .gate = gate ? gate + (size_t)i * mask_bytes(floats) : NULL};
        float *to = value_at(p, o->to, i);
        if (o->step >= 0)
            backward_sample(p, o, i, &post, to);
        else
            copy_sample(value_at(p, o->from, i), floats, &post, to);
    }
}

status tile_input_grad(tile_session *t, int worker, int n, const float *dlogits, float *dx, err *e) {
    if (worker < 0 || worker >= t->n_workers || n < 1 || n > t->workers[worker].kept)
        return err_set(e, STATUS_INTERNAL,
                       "a gradient of %d samples by worker %d, whose last forward pass kept %d", n, worker,
                       worker < 0 || worker >= t->n_workers ? 0 : t->workers[worker].kept);
    tile_pass p = {.t = t, .base = t->workers[worker].base, .n = n};
    memcpy(value_at(&p, 0, 0), dlogits, (size_t)n * tensor_floats(t, t->l.outputs[0]) * sizeof *dlogits);
    for (int k = 0; k < t->n_backward; k++)
        run_stage(&p, &t->backward[k], gradient_step, t->spent ? t->spent + t->l.n_steps : NULL);
    memcpy(dx, value_at(&p, t->g.input_value, 0), (size_t)n * tensor_floats(t, 0) * sizeof *dx);
    return STATUS_OK;
}

bool tile_has_gradient(const tile_session *t) {
    return t->gradient;
}
