/* A model: what attacks, audits and explanations see. A net with weights, a C callback, later an imported file or an external process:
 * all answer these few questions, and nobody asks how. */
#ifndef NETS_MODEL_H
#define NETS_MODEL_H

#include "core/sha256.h"
#include "nets/session.h"

typedef struct model model;

/* The draws that answer one sample of a random model: `count` >= 1 of them, from number `first` on, of the stream named by (row, stream). Draws with
 * equal names and numbers are equal, whatever else is asked at the same time; any others are independent. */
typedef struct model_draws {
    int32_t row;     /* original row id */
    uint32_t stream; /* what for: 0 = the answer on the unchanged image */
    uint32_t first, count;
} model_draws;

/* Everything that depends on the kind of model. `worker` in 0..workers-1; calls with different workers may run at once if thread_safe. Inputs
 * are [0,1] pixels of the model's input shape, NHWC; n <= tile. */
typedef struct model_ops {
    status (*forward)(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e);
    status (*vjp)(void *self, int worker, int n, const float *dlogits, float *dx, err *e); /* NULL: no gradient; after forward with keep */
    void (*free)(void *self);
    /* As forward, of random models alone, else NULL: the mean of the logits over draws[i] for sample i. */
    status (*forward_drawn)(void *self, int worker, int n, const float *x, const model_draws *draws, bool keep, float *logits, err *e);
} model_ops;

struct model {
    const model_ops *ops;
    void *self;
    shape input;
    int classes;
    int workers, tile;
    bool thread_safe;
    int votes;                       /* of a random model: draws whose mean is its answer, see model_votes */
    const char *const *class_names;  /* `classes` texts, or NULL */
    char arch[64];
    int64_t parameters, flops;
    char sha256[SHA256_HEX];         /* of the file, or "" */
};

/* Logits of n <= m->tile samples; with keep the next model_vjp of this worker is possible. */
MUST_CHECK status model_forward(model *m, int worker, int n, const float *x, bool keep, float *logits, err *e);
MUST_CHECK status model_vjp(model *m, int worker, int n, const float *dlogits, float *dx, err *e);
bool model_has_gradient(const model *m);

/* A random model (attacks/defence.h) answers equal images differently, but draw by draw as reproducibly as any other. model_forward asks for one
 * draw, always the same. */
bool model_is_random(const model *m);

/* Draws whose mean logits are this model's verdict on an image; 1 where it is not random. */
int model_votes(const model *m);

/* model_forward with the draws that each sample is to have (n of them, unused where the model is not random). With keep the counts add up to at most
 * m->tile (STATUS_USAGE), and the next model_vjp is that of the means. */
MUST_CHECK status model_forward_drawn(model *m, int worker, int n, const float *x, const model_draws *draws, bool keep, float *logits, err *e);
void model_free(model *m); /* frees self through ops, and the model's own memory if model_of_net made it */

/* `r` with as many threads as the model can serve. */
run model_run(const model *m, const run *r);

/* Tiles of the model that n images fill, and images in one of them. */
int tile_count(const model *m, int n);
int tile_rows(const model *m, int n, int tile);

/* A net as a model; `gradient` plans memory for vjp too. Keeps pointers to net and weights. */
MUST_CHECK status model_of_net(const net *n, const weights *w, bool gradient, const run *r, model **out, err *e);

#endif
