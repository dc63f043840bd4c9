/* A tile session from inside: its plan (session_tile_plan.c) and how it runs (session_tile.c). */
#ifndef NETS_SESSION_TILE_INTERNAL_H
#define NETS_SESSION_TILE_INTERNAL_H

#include "nets/session_internal.h"

typedef struct tile_worker {
    uint8_t *base;
    int kept; /* samples of the last forward pass that kept what a gradient needs */
} tile_worker;

/* Steps, or gradient operations, [first, end). Those of a stage that is not `rows` work sample by sample and follow each other for
 * a strip of samples, data warm in the cache, before the next strip begins; a stage of `rows` is one that takes all samples of the tile. */
typedef struct stage {
    int first, end;
    bool rows;
} stage;

enum { STRIP = 8 }; /* samples */

struct tile_session {
    const weights *w;
    bool gradient;
    lowering l;
    gradient_plan g;
    packing packed;
    memory_plan memory;
    int n_forward, n_backward;
    stage *forward, *backward;
    bool *tensor_local, *value_local; /* made and read within one stage: there for the samples of a strip only */
    int *tensor_buffers, *value_buffers, *stash_buffers, *mask_buffers; /* ids; -1 = none */
    int scratch_buffer;
    int n_workers;
    tile_worker *workers;
    uint8_t *block;
    pthread_mutex_t refolding;
    atomic_uint_fast64_t version; /* of the weights that are packed; 0 = none yet */
    double *spent; /* seconds of every step, then of every gradient operation; NULL: nobody measures (nets/profile.c) */
    arena arena;
};

static inline size_t tensor_floats(const tile_session *t, int id) {
    return shape_size(t->l.tensors[id].s);
}

/* What the layer of a step keeps of one sample for its backward pass. */
static inline size_t stash_bytes(const step *s) {
    return s->op->stash_bytes ? s->op->stash_bytes(&s->view) : 0;
}

/* Places all buffers of one worker. */
MUST_CHECK status tile_plan(tile_session *t, err *e);

#endif
