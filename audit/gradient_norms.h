/* How large gradients are at each layer, step by step through a training. */
#ifndef AUDIT_GRADIENT_NORMS_H
#define AUDIT_GRADIENT_NORMS_H

#include "core/json.h"
#include "core/stats.h"
#include "nets/train.h"

enum { GRADIENT_LAYERS_MOST = 512 };

/* The layers with weights on the longest way through a net, from its input to its logits: depth is a place in this list, whatever
 * shortcuts there are. */
typedef struct gradient_norms {
    const net *net;
    int n_layers, params[GRADIENT_LAYERS_MOST]; /* their weights: indices into net->params */
    int n_steps, room;
    double *norms; /* n_steps x n_layers: L2 norm of the gradient of the batch's mean loss */
    double *losses;
    bool failed; /* memory ran out */
} gradient_norms;

void gradient_norms_begin(gradient_norms *g, const net *n);
void gradient_norms_free(gradient_norms *g);

/* For train_watch: `user` is a gradient_norms. */
void gradient_norms_step(void *user, const train_step_report *t);

/* Steps of the first or last tenth of training (at least one). */
typedef struct step_range {
    int from, to; /* to is not included */
} step_range;
step_range gradient_norms_start(const gradient_norms *g);
step_range gradient_norms_end(const gradient_norms *g);

/* Geometric mean of a layer's norm over steps; NAN when one is 0 or not finite, or there is none. */
double gradient_norms_mean(const gradient_norms *g, int place, step_range r);

/* First layer's norm over that of the last: geometric mean over steps, with its 95 % t interval of the logarithm. */
double gradient_norms_ratio(const gradient_norms *g, step_range r, interval *i);

/* {"arch", "layers": [names], "start": [...], "end": [...], "steps": [...], "first": [...], "last": [...], "loss": [...]}: means of each layer at
 * both ends, and of the first and last layer and the loss in up to 60 parts of training. NULL when memory is out. */
json *gradient_norms_json(const gradient_norms *g, const char *arch);

#endif
