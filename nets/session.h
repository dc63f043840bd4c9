/* A session runs a net: it lowers layers to fused operations, plans memory once (nothing is allocated inside a step), and keeps
 * packed and folded weights until weights->version moves.
 *
 * INFER and INPUT_GRAD run the whole net for a tile of a few samples on the calling thread, batch norm folded into the convolution
 * before it, no dropout; each worker has its own memory, so different workers may call at once. A sample's result depends
 * neither on its neighbours nor on its slot in the tile. TRAIN runs layer by layer over the whole batch, in parallel over
 * fixed chunks of samples; batch-norm moments are combined in chunk order, in double. */
#ifndef NETS_SESSION_H
#define NETS_SESSION_H

#include "nets/net.h"

typedef enum session_mode { SESSION_INFER = 1, SESSION_INPUT_GRAD = 2, SESSION_TRAIN = 4 } session_mode;

typedef struct session session;

enum { SESSION_TILE = 32 }; /* samples in an INFER or INPUT_GRAD tile: linear layers read their weights once for all of them */

/* `modes`: an OR of session_mode. `batch`: the largest n of TRAIN. INFER and INPUT_GRAD have r->threads workers. The net and the weights must outlive
 * the session; *r is copied. */
MUST_CHECK status session_new(const net *n, const weights *w, int modes, int batch, const run *r,
                              session **out, err *e);
void session_free(session *s);
size_t session_bytes(const session *s); /* memory planned, all workers */

/* Refolds and repacks if the weights' version moved. Called by the functions below where it is safe; call it yourself before a
 * parallel region that uses workers. */
void session_refresh(session *s);

/* Logits (n x classes) of n <= SESSION_TILE samples x (n x input shape). */
MUST_CHECK status session_infer(session *s, int worker, int n, const float *x, float *logits, err *e);

/* As session_infer, and keeps what the next session_input_grad of the same worker needs (masks, indices). */
MUST_CHECK status session_forward(session *s, int worker, int n, const float *x, float *logits, err *e);

/* dx (n x input shape) of sum over logits of dlogits (n x classes), for the samples of this worker's last session_forward. May be
 * called several times per forward. */
MUST_CHECK status session_input_grad(session *s, int worker, int n, const float *dlogits, float *dx, err *e);

/* Training-mode forward of n <= batch samples in parallel: batch statistics, dropout masks from streams (seed, "dropout", node, row id,
 * epoch, step). Writes 1 + n_aux blocks of n x classes logits, the main ones first. ids: n original row ids. Running statistics are updated in *w when `update_statistics`. */
typedef struct train_context {
    const int32_t *ids;
    int epoch, step;
    bool update_statistics;
    bool frozen_norm; /* batch norm uses running statistics (evaluation mode) and leaves them alone */
} train_context;
MUST_CHECK status session_train_forward(session *s, weights *w, int n, const float *x, const train_context *c,
                                        float *logits, err *e);

/* Gradient of sum of dlogits * logits, as many blocks as the forward pass wrote, with respect to the trainable parameters, WRITTEN to
 * grad (n_trainable floats), and to the input when dx is not NULL, for the last session_train_forward; once per forward pass, whose memory it reuses. */
MUST_CHECK status session_train_backward(session *s, const weights *w, int n, const float *dlogits,
                                         float *grad, float *dx, err *e);

#endif
