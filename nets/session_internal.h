/* The parts of a session. Lowering turns the graph into fused steps over tensors; the gradient plan lists what a backward pass
 * computes; the memory plan places everything; tile and train run it. */
#ifndef NETS_SESSION_INTERNAL_H
#define NETS_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "nets/net_internal.h"
#include "nets/session.h"

/* --- session_lower.c ------------------------------------------------------------------------------------------------- */

/* One fused operation: y = relu(norm(layer(x)) + addend); all but the layer are optional. */
typedef struct step {
    int node; /* the layer's */
    const layer *op;
    layer_view view;
    int norm; /* node of the batch norm behind the layer, or -1; the layer may itself be one (norm == node) */
    int n_inputs, inputs[LAYER_MOST_INPUTS]; /* tensors */
    int addend;                              /* tensor, or -1 */
    bool relu;
    int out; /* tensor */
} step;

/* What a step writes: the output of a node and of those that only rename it (flatten, dropout in evaluation). */
typedef struct step_tensor {
    shape s;
    int producer; /* step; -1: the net's input */
    int uses;     /* by inputs and addends of steps, and by the caller for outputs */
} step_tensor;

typedef struct lowering {
    const net *net;
    bool training;
    int n_steps, n_tensors; /* tensor 0 is the input */
    int n_outputs,
        outputs
            [1 +
             NET_MOST_AUX]; /* tensors of the logits, then of the auxiliary ones, which are there only in training */
    step *steps;
    step_tensor *tensors;
} lowering;

MUST_CHECK status lower(const net *n, bool training, kernel_choice kernel, arena *memory, lowering *out,
                        err *e);

/* --- session_gradient.c ---------------------------------------------------------------------------------------------- */

/* A backward pass in single-assignment form. The first n_outputs values are the gradients of the outputs as the caller gives them; every
 * operation makes the next value. The gradient of a tensor is the sum of what its readers send back, gated by the ReLU of its producer; sums and gates
 * ride in the epilogues of the operations that compute the parts. */
typedef struct gradient_op {
    int step;       /* whose backward_data runs; -1: the operation only copies, adds or gates */
    int input;      /* which input of the step */
    int from;       /* value: gradient of the step's output, or what is copied */
    int addend;     /* value, or -1 */
    int gate;       /* step whose ReLU mask gates the result, or -1 */
    int to;         /* value */
    int tensor;     /* whose gradient, or a part of it, `to` is */
    bool for_input; /* serves the gradient of the net's input alone: needless for those of parameters */
} gradient_op;

typedef struct gradient_plan {
    int n_ops, n_values;
    gradient_op *ops; /* ordered by step, last step first */
    int *
        first_op; /* n_steps: the first operation of each step's backward part; first_op[step] + count_op[step] is its end */
    int *count_op;
    int *
        value_of_step; /* gradient of each step's output when its backward part begins; -1 when nobody needs it */
    int *tensor_of_value;
    int input_value; /* gradient of the net's input */
} gradient_plan;

MUST_CHECK status plan_gradient(const lowering *l, arena *memory, gradient_plan *out, err *e);

/* --- session_memory.c ------------------------------------------------------------------------------------------------ */

enum { MEMORY_ALIGNMENT = 64, FOREVER = 1 << 30 };

/* A buffer lives from time `first` to `last`, both included; `bytes` 0 = none. */
typedef struct buffer {
    size_t bytes, offset;
    int first, last;
} buffer;

typedef struct memory_plan {
    int n, capacity;
    buffer *buffers;
    size_t bytes; /* of the whole, once placed */
} memory_plan;

MUST_CHECK status memory_begin(memory_plan *m, int capacity, arena *memory, err *e);
int memory_add(memory_plan *m, size_t bytes, int first, int last);
void memory_use(memory_plan *m, int id, int time); /* lengthens its life */
/* Gives every buffer its offset: largest first, at the lowest place that is free during its life. Deterministic. */
MUST_CHECK status memory_place(memory_plan *m, arena *memory, err *e);

/* --- session_pack.c -------------------------------------------------------------------------------------------------- */

/* Weights of a step as its kernels read them. */
typedef struct packed_step {
    const float *bias;      /* NULL: none */
    const void *weights[2]; /* LAYER_FORWARD, LAYER_BACKWARD_DATA */
    void *own[2];           /* where the kernel has its own layout */
    float *folded;          /* where a batch norm is folded in: weights */
    float *folded_bias;     /* and biases, then scales, per channel */
} packed_step;

typedef struct packing {
    packed_step *steps;
    size_t bytes; /* taken from the arena, for session_bytes */
} packing;

/* Plans packed weights for all steps, batch norms folded in outside training. `backward`: for backward_data too. */
MUST_CHECK status packing_new(const lowering *l, bool backward, arena *memory, packing *out, err *e);
/* Packs one step for one pass; the forward pass first. */
void pack_step(const lowering *l, packing *p, layer_pass pass, int k, const weights *w);

const float *step_param(const lowering *l, int node, int i,
                        const weights *w); /* parameter i of a node; NULL when it has fewer */
void step_params(const lowering *l, int node, const weights *w, const float *params[LAYER_MOST_PARAMS]);

/* --- session_tile.c -------------------------------------------------------------------------------------------------- */

typedef struct tile_session tile_session;
MUST_CHECK status tile_new(const net *n, const weights *w, bool gradient, const run *r, tile_session **out,
                           err *e);
void tile_free(tile_session *t);
bool tile_has_gradient(const tile_session *t);
size_t tile_bytes(const tile_session *t);
void tile_refresh(tile_session *t);
MUST_CHECK status tile_forward(tile_session *t, int worker, int n, const float *x, bool keep, float *logits,
                               err *e);
MUST_CHECK status tile_input_grad(tile_session *t, int worker, int n, const float *dlogits, float *dx,
                                  err *e);

/* --- session_train.c ------------------------------------------------------------------------------------------------- */

typedef struct train_session train_session;
MUST_CHECK status train_new(const net *n, int batch, const run *r, train_session **out, err *e);
void train_free(train_session *t);
size_t train_bytes(const train_session *t);
MUST_CHECK status train_forward(train_session *t, weights *w, int n, const float *x, const train_context *c,
                                float *logits, err *e);
MUST_CHECK status train_backward(train_session *t, const weights *w, int n, const float *dlogits, float *grad,
                                 float *dx, err *e);

#endif
