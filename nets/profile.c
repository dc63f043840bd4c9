#include "nets/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/rng.h"
#include "nets/session_tile_internal.h"
#include "nets/session_train_internal.h"

enum { LEAST_ROUNDS = 3 };

const char *profile_part_name(profile_part part) {
    static const char *const names[PROFILE_PARTS] = {"forward", "norm", "input gradient", "weight gradient",
                                                     "rest"};
    return (unsigned)part < PROFILE_PARTS ? names[part] : "unknown";
}

void profile_free(profile *p) {
    free(p->rows);
    *p = (profile){0};
}

/* The row of this node and part, made when it is not there. */
static profile_row *row_of(profile *p, int node, profile_part part) {
    for (int i = 0; i < p->n; i++)
        if (p->rows[i].node == node && p->rows[i].part == part) return &p->rows[i];
    p->rows[p->n] = (profile_row){.node = node, .part = part};
    return &p->rows[p->n++];
}

static layer_pass pass_of(profile_part part) {
    return part == PROFILE_INPUT_GRADIENT    ? LAYER_BACKWARD_DATA
           : part == PROFILE_WEIGHT_GRADIENT ? LAYER_BACKWARD_PARAMS
                                             : LAYER_FORWARD;
}

/* What the step must compute and move for one image, its weights shared by `sharing` images. */
static void describe(profile_row *row, const lowering *l, const step *s, double sharing) {
    if (row->part == PROFILE_NORM || row->part == PROFILE_REST) return;
    const net_node *node = &l->net->nodes[s->node];
    double floats = (double)shape_size(s->view.out), shared = 0;
    for (int i = 0; i < s->n_inputs; i++)
        floats += (double)shape_size(s->view.in[i]);
    for (int i = 0; i < node->n_params; i++)
        shared += (double)l->net->params[node->params[i]].size;
    if (s->op->flops) row->flops = 2 * (double)s->op->flops(&s->view);
    if (s->op->kernel) row->kernel = s->op->kernel(&s->view, pass_of(row->part));
    row->bytes = sizeof(float) * (floats + shared / sharing);
}

static status begin(profile *out, int most, err *e) {
    *out = (profile){0};
    out->rows = calloc((size_t)most, sizeof *out->rows);
    return out->rows ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for a profile");
}

/* Seconds of one image, without operations that never ran. */
static void finish(profile *p, int images) {
    int kept = 0;
    for (int i = 0; i < p->n; i++) {
        if (!(p->rows[i].seconds > 0)) continue;
        p->rows[kept] = p->rows[i];
        p->rows[kept].seconds /= images;
        p->seconds += p->rows[kept++].seconds;
    }
    p->n = kept;
}

/* `n` values of uniform noise below `most`. */
static float *random_floats(size_t n, float most) {
    float *x = alloc_aligned(n * sizeof *x);
    rng r = rng_stream(0, "profile", 0, 0, 0, 0);
    for (size_t i = 0; x && i < n; i++)
        x[i] = most * rng_uniform(&r);
    return x;
}

typedef status round_run(void *user, err *e);

/* Seconds of each operation in the round where it was fastest: what else the machine does cannot make it faster. One round to warm up. */
static status repeat(round_run *run_round, void *user, double *spent, size_t n, double seconds, err *e) {
    double *best = calloc(n, sizeof *best), began = clock_seconds();
    status s = best ? run_round(user, e) : err_set(e, STATUS_NO_MEMORY, "no memory for a profile");
    for (int rounds = 0; s == STATUS_OK && (rounds < LEAST_ROUNDS || clock_seconds() - began < seconds);
         rounds++) {
        memset(spent, 0, n * sizeof *spent);
        s = run_round(user, e);
        for (size_t i = 0; i < n; i++)
            best[i] = rounds == 0 || spent[i] < best[i] ? spent[i] : best[i];
    }
    if (best) memcpy(spent, best, n * sizeof *spent);
    free(best);
    return s;
}

typedef struct attack_round {
    tile_session *t;
    const float *x, *dlogits;
    float *logits, *dx;
} attack_round;

static status run_attack_round(void *user, err *e) {
    attack_round *a = user;
    status s = tile_forward(a->t, 0, SESSION_TILE, a->x, true, a->logits, e);
    return s == STATUS_OK ? tile_input_grad(a->t, 0, SESSION_TILE, a->dlogits, a->dx, e) : s;
}

static void collect_attack(const tile_session *t, profile *out) {
    const lowering *l = &t->l;
    for (int k = 0; k < l->n_steps; k++) {
        profile_row *row = row_of(out, l->steps[k].node, PROFILE_FORWARD);
        row->seconds += t->spent[k];
        describe(row, l, &l->steps[k], SESSION_TILE);
    }
    for (int j = 0; j < t->g.n_ops; j++) {
        int k = t->g.ops[j].step;
        profile_row *row =
            k < 0 ? row_of(out, 0, PROFILE_REST) : row_of(out, l->steps[k].node, PROFILE_INPUT_GRADIENT);
        row->seconds += t->spent[l->n_steps + j];
        if (k >= 0) describe(row, l, &l->steps[k], SESSION_TILE);
    }
}

static status attack_rounds(tile_session *t, double seconds, profile *out, err *e) {
    size_t image = shape_size(t->l.net->input), classes = (size_t)t->l.net->classes;
    size_t steps = (size_t)(t->l.n_steps + t->g.n_ops);
    float *x = random_floats(SESSION_TILE * image, 1), *dlogits = random_floats(SESSION_TILE * classes, .1F);
    attack_round a = {t, x, dlogits, random_floats(SESSION_TILE * classes, 0),
                      random_floats(SESSION_TILE * image, 0)};
    t->spent = calloc(steps, sizeof *t->spent);
    status s = x && dlogits && a.logits && a.dx && t->spent
                   ? begin(out, (int)steps + 1, e)
                   : err_set(e, STATUS_NO_MEMORY, "no memory for a profile");
    if (s == STATUS_OK) s = repeat(run_attack_round, &a, t->spent, steps, seconds, e);
    if (s == STATUS_OK) {
        collect_attack(t, out);
        finish(out, SESSION_TILE);
    }
    free(x);
    free(dlogits);
    free(a.logits);
    free(a.dx);
    free(t->spent);
    t->spent = NULL;
    return s;
}

status profile_attack(const net *n, const weights *w, const run *r, double seconds, profile *out, err *e) {
    run alone = *r;
    tile_session *t;
    alone.threads = 1;
    *out = (profile){0};
    status s = tile_new(n, w, true, &alone, &t, e);
    if (s == STATUS_OK) s = attack_rounds(t, seconds, out, e);
    tile_free(t);
    return s;
}

typedef struct train_round {
    train_session *t;
    weights *w;
    int batch;
    const float *x, *dlogits;
    const int32_t *ids;
    float *logits, *grad;
} train_round;

static status run_train_round(void *user, err *e) {
    train_round *a = user;
    train_context c = {.ids = a->ids};
    status s = train_forward(a->t, a->w, a->batch, a->x, &c, a->logits, e);
    return s == STATUS_OK ? train_backward(a->t, a->w, a->batch, a->dlogits, a->grad, NULL, e) : s;
}

static profile_part part_of(const train_op *o) {
    static const struct {
        train_run *run;
        profile_part part;
    } parts[] = {{run_layer, PROFILE_FORWARD},
                 {run_layer_tile, PROFILE_FORWARD},
                 {run_finish, PROFILE_FORWARD},
                 {run_moments, PROFILE_NORM},
                 {run_norm, PROFILE_NORM},
                 {run_apply, PROFILE_NORM},
                 {run_norm_sums, PROFILE_NORM},
                 {run_norm_gradient, PROFILE_NORM},
                 {run_norm_data, PROFILE_NORM},
                 {run_params, PROFILE_WEIGHT_GRADIENT},
                 {run_params_tile, PROFILE_WEIGHT_GRADIENT},
                 {run_data, PROFILE_INPUT_GRADIENT},
                 {run_data_tile, PROFILE_INPUT_GRADIENT},
                 {run_data_finish, PROFILE_INPUT_GRADIENT}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].run == o->run) return parts[i].part;
    return PROFILE_REST;
}

static void collect_train(const train_session *t, const train_program *p, profile *out) {
    for (int j = 0; j < p->n; j++) {
        const train_op *o = &p->ops[j];
        profile_part part = part_of(o);
        const step *s = o->step >= 0 && part != PROFILE_REST ? &t->l.steps[o->step] : NULL;
        int node = !s ? 0 : part == PROFILE_NORM ? s->norm : s->node;
        profile_row *row = row_of(out, node, part);
        row->seconds += *o->spent;
        if (s) describe(row, &t->l, s, t->batch);
    }
}

static void watch(const train_program *p, double *spent) {
    for (int j = 0; j < p->n; j++)
        p->ops[j].spent = spent + j;
}

static status train_rounds(train_session *t, weights *w, double seconds, profile *out, err *e) {
    const net *n = t->l.net;
    size_t batch = (size_t)t->batch, image = shape_size(n->input);
    size_t logits = batch * (size_t)n->classes * (size_t)t->l.n_outputs,
           ops = (size_t)(t->forward.n + t->backward.n);
    float *x = random_floats(batch * image, 1), *dlogits = random_floats(logits, .1F / (float)t->batch);
    int32_t *ids = calloc(batch, sizeof *ids);
    double *spent = calloc(ops, sizeof *spent);
    train_round a = {
        t, w, t->batch, x, dlogits, ids, random_floats(logits, 0), random_floats(n->n_trainable, 0)};
    status s = x && dlogits && ids && spent && a.logits && a.grad
                   ? begin(out, (int)ops + 1, e)
                   : err_set(e, STATUS_NO_MEMORY, "no memory for a profile");
    if (s == STATUS_OK) {
        watch(&t->forward, spent);
        watch(&t->backward, spent + t->forward.n);
        s = repeat(run_train_round, &a, spent, ops, seconds, e);
    }
    if (s == STATUS_OK) {
        collect_train(t, &t->forward, out);
        collect_train(t, &t->backward, out);
        finish(out, t->batch);
    }
    free(x);
    free(dlogits);
    free(ids);
    free(spent);
    free(a.logits);
    free(a.grad);
    return s;
}

status profile_train(const net *n, weights *w, int batch, const run *r, double seconds, profile *out,
                     err *e) {
    run alone = *r;
    train_session *t;
    alone.threads = 1;
    *out = (profile){0};
    status s = train_new(n, batch, &alone, &t, e);
    if (s == STATUS_OK) s = train_rounds(t, w, seconds, out, e);
    train_free(t);
    return s;
}
