/* TRAIN: a program of operations over the whole batch. Neighbouring operations that work sample by sample form a region, which every
 * chunk of samples goes through by itself, data warm in the cache; between regions all threads meet. */
#ifndef NETS_SESSION_TRAIN_INTERNAL_H
#define NETS_SESSION_TRAIN_INTERNAL_H

#include "nets/batch_norm_internal.h"
#include "nets/session_internal.h"

enum { TRAIN_CHUNK = 8 }; /* samples */

typedef enum domain { PER_CHUNK, PER_TILE, ONCE } domain;

typedef struct train_op train_op;
typedef void train_run(train_session *t, const train_op *o, int index, int worker); /* index: chunk or tile */

struct train_op {
    train_run *run;
    domain where;
    int tiles;                   /* PER_TILE */
    int step;                    /* or -1 */
    const gradient_op *gradient; /* of the operations that move gradients */
    int region;
    double *spent; /* seconds, where somebody measures on one thread (nets/profile.c); else NULL */
};

typedef struct train_program {
    int n, capacity;
    train_op *ops;
} train_program;

/* Batch norm of one step. Arrays are per channel, those of chunks [chunk][channel]. */
typedef struct norm_state {
    double *chunk_mean, *chunk_squares; /* forward: moments; backward: sums of dy and of dy * (x - mean) */
    double *mean, *variance, *invstd;
    float *centre;        /* mean */
    float *scale, *shift; /* forward */
    float *a, *b, *k;     /* backward */
} norm_state;

/* Part of a parameter whose gradient is summed over chunks. */
typedef struct reduction {
    size_t to, from, count; /* floats in the gradient, in a chunk's partial sums */
} reduction;

struct train_session {
    run r;
    int batch;
    lowering l;
    gradient_plan g;
    packing packed;
    memory_plan memory;
    train_program forward, backward;
    int *tensors, *values, *stashes, *masks; /* buffer ids */
    int *before_norm,
        *norm_gradients; /* per step with a batch norm behind another layer; per step with a batch norm */
    norm_state *norms;   /* per step */
    size_t partial_floats, *partial_at; /* per parameter of the net: where its partial sums are */
    float *partials;                    /* [chunk][partial_floats] */
    int n_reductions;
    reduction *reductions;
    size_t scratch_bytes;
    uint8_t *scratch, *block; /* [worker][scratch_bytes]; all buffers */
    arena arena;

    /* Of the step that is running. */
    const weights *w;
    int n;
    train_context context;
    float *grad;
    bool wants_input;
};

static inline void *train_at(const train_session *t, int buffer_id) {
    return t->block + t->memory.buffers[buffer_id].offset;
}

static inline float *train_tensor(const train_session *t, int id) {
    return train_at(t, t->tensors[id]);
}
static inline float *train_value(const train_session *t, int value) {
    return train_at(t, t->values[value]);
}
static inline void *train_scratch(const train_session *t, int worker) {
    return t->scratch + (size_t)worker * t->scratch_bytes;
}

static inline int chunk_first(int chunk) {
    return chunk * TRAIN_CHUNK;
}
static inline int chunk_end(const train_session *t, int chunk) {
    return t->n - chunk_first(chunk) < TRAIN_CHUNK ? t->n : chunk_first(chunk) + TRAIN_CHUNK;
}

static inline size_t tensor_size(const train_session *t, int id) {
    return shape_size(t->l.tensors[id].s);
}

/* What the layer of a step writes: the tensor itself, or what goes into its batch norm. */
float *train_layer_output(const train_session *t, int k);
/* What its batch norm reads. */
const float *train_norm_input(const train_session *t, int k);
/* The gradient of what the layer writes. */
const float *train_layer_gradient(const train_session *t, int k);

/* --- session_train_ops.c --- */
train_run run_pack_forward, run_pack_backward, run_layer, run_layer_tile, run_finish, run_params,
    run_params_tile, run_data, run_data_tile, run_data_finish, run_copy, run_reduce;
void train_epilogue(const train_session *t, int k, int i, bool bias, epilogue *out);

/* --- session_train_norm.c --- */
MUST_CHECK status norm_state_new(train_session *t, int k, err *e);
train_run run_moments, run_norm, run_apply, run_norm_sums, run_norm_gradient, run_norm_data;
void train_update_statistics(train_session *t, weights *w);

/* --- session_train_plan.c --- */
MUST_CHECK status train_plan(train_session *t, err *e);

#endif
