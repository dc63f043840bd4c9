/* A net: an immutable graph of layers. Nodes are in topological order; node 0 is the input. */
#ifndef NETS_NET_H
#define NETS_NET_H

#include "core/arena.h"
#include "nets/layer.h"

enum { NET_MOST_NODES = 4096, NET_MOST_CLASSES = 65536, NET_MOST_NAME = 63, NET_MOST_AUX = 4 };

typedef struct net_param {
    char name[96]; /* node name + '.' + suffix: "layer1.0.conv1.weight" */
    int node;
    layer_param info;
    size_t offset, size; /* floats, in the block of weights */
} net_param;

typedef struct net_node {
    const char *name; /* unique; the PyTorch module path where there is one */
    const layer *op;  /* NULL for the input node */
    layer_config config;
    int n_inputs, inputs[LAYER_MOST_INPUTS]; /* node indices, all smaller than this node's */
    shape out;                               /* of one sample */
    shape
        flattened; /* linear: the map behind its input, whose H,W,C order the weights' input axis has; flatten: its input where
                                   values must be moved into C,H,W order; else zeros */
    int n_params, params[LAYER_MOST_PARAMS]; /* indices into net.params */
    bool aux_only;                           /* leads to auxiliary heads alone: not run outside training */
} net_node;

typedef struct net {
    char arch[64];
    shape input;
    int classes; /* the last node gives 1 x 1 x classes logits */
    int n_aux, aux[NET_MOST_AUX]; /* auxiliary heads: 1 x 1 x classes logits too, only in training */
    int n_nodes, n_params;
    net_node *nodes;
    net_param *params;  /* trainable ones first, then buffers */
    size_t n_trainable; /* floats: weights are [0, n_trainable), buffers [n_trainable, n_floats) */
    size_t n_floats;
    arena memory;
} net;

/* Building: begin, add nodes, finish. Names are unique, at most NET_MOST_NAME of [A-Za-z0-9_./-]. Every node must lead to the last one
 * or to an auxiliary head. After a failure further calls do nothing and net_finish reports the first one; so a zoo function reads as a list of layers. Adds return the node's index. */
typedef struct net_builder net_builder;
net_builder *net_begin(const char *arch, shape input); /* NULL when memory is out; all calls accept NULL */
int net_add(net_builder *b, const char *name, const char *op, const layer_config *config, int n_inputs,
            const int *inputs);
/* Makes the node an auxiliary head (Szegedy et al. 2015): its 1 x 1 x classes logits get a loss of their own in training, and what leads
 * to it alone is left out elsewhere. At most NET_MOST_AUX; they are numbered in the order of their nodes. */
void net_mark_aux(net_builder *b, int node);
MUST_CHECK status net_finish(net_builder *b, net **out,
                             err *e); /* frees the builder; checks shapes, names, parameters */
/* As net_finish for a net whose last node may give a map of any shape, as parts of nets do: `classes` is its number of values, in H,W,C order. */
MUST_CHECK status net_finish_map(net_builder *b, net **out, err *e);
void net_free(net *n);

/* The graph as JSON and back, as stored in model files: {"arch", "input": [h, w, c], "nodes": [{"name", "op", "inputs": [names], ...}]};
 * auxiliary heads have "aux": true. net_from_json treats it as hostile: unknown operators, cycles, forward references, absurd sizes are refused. */
json *net_to_json(const net *n);
MUST_CHECK status net_from_json(const json *j, net **out, err *e);

/* Multiply-adds of one forward pass of one sample, outside training. */
int64_t net_flops(const net *n);

/* A flat block of parameters and buffers of one net. */
typedef struct weights {
    float *data; /* n_floats, 64-byte aligned */
    size_t n;
    uint64_t version; /* raised by whoever changes data: sessions refold when it moved */
} weights;

MUST_CHECK status weights_new(const net *n, weights *out,
                              err *e); /* zeros; norm scales and running variances 1 */
MUST_CHECK status weights_copy(const weights *from, weights *out, err *e);
void weights_free(weights *w);

/* Kaiming normal (He et al. 2015, fan-in, gain sqrt(2)) for weights; the last linear layer and those without a rectifier behind them use gain 1;
 * biases 0, norm scales 1 or where the node says zero_init 0. Streams are "init" per parameter index: independent of everything else. */
void weights_init(const net *n, weights *w, uint64_t seed);

/* X(code, name, what) */
#define INIT_LIST(X)                                                                                         \
    X(INIT_KAIMING, "kaiming", "He et al. 2015: values keep their size through rectifiers")                  \
    X(INIT_UNIFORM, "uniform", "within 1 / sqrt(fan-in), biases too, as PyTorch does by default")           \
    X(INIT_IBP, "ibp", "Shi et al. 2021: interval bounds keep their width through rectifiers")

#define INIT_CODE(code, name, what) code,
typedef enum init_kind { INIT_LIST(INIT_CODE) } init_kind;
#undef INIT_CODE

/* The same by choice; weights_init is INIT_KAIMING. INIT_IBP: normal of deviation sqrt(2 pi) / fan-in (Shi et al., "Fast certified robust training
 * with short warmup", 2021, section 3.2), biases 0. */
void weights_init_as(const net *n, weights *w, init_kind kind, uint64_t seed);

#endif
