/* Bounds of a net over a box of inputs: a net lowered to affine and monotone nodes in double precision, boxes of what they give (interval.c)
 * and linear bounds by backward substitution (backward.c). Private to attacks.
 *
 * Soundness. Bounds are of the net in real arithmetic, computed in double. Each box has beside them `error`: how far the net in float32 may
 * be from real arithmetic: gamma * sum |w||x| for every sum, in any order of summation, fused or not, with gamma = 4 sqrt(k) 2^-24 for k
 * products (Higham and Mary 2019: a bound that holds with overwhelming probability; see bound_ops.c), carried forward through |W|, which is the
 * worst case again. The same in double is 2^-29 of it, so that widening bounds by 2^-20 of it covers our own rounding. A margin is
 * certified where its lower bound exceeds the errors of both its logits. A `real` net has no roundings: its bounds are about the real numbers that its
 * weights define, up to our own rounding in double. */
#ifndef ATTACKS_BOUNDS_INTERNAL_H
#define ATTACKS_BOUNDS_INTERNAL_H

#include "attacks/certify.h"

enum { BOUND_ROWS = 16 }; /* linear functions that go backward together: an inner loop of constant length */

/* What a node's values may be. */
typedef struct box {
    double *lo, *hi, *error;  /* `size` values each */
    double *mid, *rad, *most; /* (lo + hi) / 2, (hi - lo) / 2, max(|lo|, |hi|) + error: box_settle */
} box;

typedef struct bound_node bound_node;

/* Inputs of one value of an affine node with their weights, or those of the window of a maximum. */
typedef struct taps {
    int n;
    int *at;
    double *weight;
} taps;

typedef enum bound_kind { BOUND_INPUT, BOUND_AFFINE, BOUND_RELU, BOUND_MONOTONE, BOUND_MAX } bound_kind;

typedef struct bound_op {
    const char *layer;
    bound_kind kind;
    bool single; /* affine: value o depends on one value of the input alone */
    /* Fills weights, bias, most_taps and roundings. NULL: there are none, one tap and exact. */
    status (*make)(const net *n, const weights *w, bound_node *b, arena *memory, err *e);
    void (*taps)(const bound_node *b, int input, int o, taps *t); /* BOUND_AFFINE, BOUND_MAX */
    double (*value)(const layer_config *c, double x);             /* BOUND_MONOTONE, not falling */
    double (*steepest)(const layer_config *c);                    /* its Lipschitz constant */
} bound_op;

struct bound_node {
    const bound_op *op; /* NULL: of auxiliary heads, not run */
    const net_node *node;
    int index, size, n_inputs;
    const int *inputs;
    shape in[LAYER_MOST_INPUTS], out;
    const double *weights; /* as make left them for taps */
    const double *bias,
        *bias_size; /* per channel, and what rounding errors of it are relative to; NULL: none */
    int most_taps;
    double rounding; /* gamma of its sums in float32; 0: moves values only */
    /* Bounds of an affine node that backward substitution improves: for nonlinear nodes behind it. */
    enum { REFINE_NONE, REFINE_UNSTABLE, REFINE_ALL } refine;
};

typedef struct bound_net {
    const net *n;
    int n_nodes, last, most_taps;
    bound_node *nodes;
    size_t elements; /* values of all nodes */
    bool real;
    arena memory;
} bound_net;

/* STATUS_UNSUPPORTED, naming node and layer, where there is a layer that has no bounds. */
MUST_CHECK status bound_net_new(const net *n, const weights *w, bool real, bound_net *out, err *e);
void bound_net_free(bound_net *b);

const bound_op *bound_op_find(const char *name);

/* Memory of one worker. */
typedef struct bound_work {
    const bound_net *b;
    box *boxes;
    double **functions; /* per node: size x BOUND_ROWS coefficients */
    bool *reached;      /* per node: its coefficients are not all zero */
    taps t;
    double *block;
    arena memory;
} bound_work;

MUST_CHECK status bound_work_new(const bound_net *b, bound_work *out, err *e);
void bound_work_free(bound_work *w);

/* The box of the input: [x - eps, x + eps], within [0,1] where `clip`. */
void bound_input(bound_work *w, const float *x, double eps, bool clip);

/* --- interval.c */
void box_settle(box *x, int n);
/* The box of node k from those of its inputs, exact up to rounding for independent inputs. */
void interval_node(bound_work *w, int k);

/* --- backward.c */
/* Lower bounds of BOUND_ROWS linear functions of node k over the input's box: coefficients in w->functions[k] (size x BOUND_ROWS), which are
 * spent; low[] comes with their constants and gets the bounds. With `once` only node k itself is substituted, where it is affine, and the
 * boxes of its inputs are used: interval arithmetic with the functions merged into the node. */
void backward_low(bound_work *w, int k, slopes s, bool once, double low[BOUND_ROWS]);
/* Replaces bounds of node k by better ones. */
void backward_refine(bound_work *w, int k, slopes s);

/* All boxes, from the input's on: by intervals, or where `crown` improved by backward substitution. */
void bound_forward(bound_work *w, bool crown, slopes s);

/* The least lower bound of logit[label] - logit[other], less the errors of both: > 0 proves the label. Boxes must be there. */
double bound_margin(bound_work *w, bool crown, slopes s, int label);

#endif
