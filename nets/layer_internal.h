/* What a layer is made of. Functions see one sample at a time, except those of layers with LAYER_ROWS, which see the samples of a
 * tile, and the batch functions. All are pure: they write what the comment names and keep nothing. */
#ifndef NETS_LAYER_INTERNAL_H
#define NETS_LAYER_INTERNAL_H

#include "nets/kernels/conv.h"
#include "nets/kernels/linear.h"
#include "nets/layer.h"

/* Fields of layer_config, as bits: which ones a layer reads (and the model file stores). */
enum {
    FIELD_OUT = 1 << 0,
    FIELD_KERNEL = 1 << 1,
    FIELD_STRIDE = 1 << 2,
    FIELD_DILATION = 1 << 3,
    FIELD_PAD = 1 << 4,
    FIELD_GROUPS = 1 << 5,
    FIELD_BIAS = 1 << 6,
    FIELD_CEIL_MODE = 1 << 7,
    FIELD_COUNT_INCLUDE_PAD = 1 << 8,
    FIELD_RATE = 1 << 9,
    FIELD_EPS = 1 << 10,
    FIELD_MOMENTUM = 1 << 11,
    FIELD_MEAN = 1 << 12,
    FIELD_STD = 1 << 13,
    FIELD_SIZE = 1 << 14,
    FIELD_MAP = 1 << 15,
    FIELD_BOUNDS = 1 << 16, /* low, high */
    FIELD_SLICE = 1 << 17,  /* start, step, count */
    FIELD_FRAME = 1 << 18,  /* pad_channels, pad_mode, fill */
    FIELD_VIEW = 1 << 19,   /* view, order, to */
    FIELD_LRN = 1 << 20,    /* lrn_size, lrn_alpha, lrn_beta, lrn_bias */
    FIELD_ZERO_INIT = 1 << 21
};

typedef enum layer_pass {
    LAYER_FORWARD,
    LAYER_BACKWARD_DATA,
    LAYER_BACKWARD_PARAMS,
    LAYER_PASSES
} layer_pass;

/* Traits, as bits. */
enum {
    LAYER_FUSES = 1 << 0, /* forward and backward_data obey io->epilogue; parameters are weight [, bias] */
    LAYER_ROWS = 1 << 1,  /* forward and backward_data take the samples of a tile in one call: io->n, a multiple of LINEAR_ROWS */
    LAYER_ELEMENTWISE = 1 << 2,   /* value i depends on value i alone, whatever i is */
    LAYER_RECTIFIER = 1 << 3,     /* an activation that keeps about half of its input: He's initialisation */
    LAYER_TRAINING_ONLY = 1 << 4, /* identity outside training */
    LAYER_PASSES_GRADIENT = 1 << 5, /* the gradient of every input is that of the output */
    LAYER_RELU = 1 << 6,            /* the layer that an epilogue can take over */
    LAYER_BATCH_NORM =
        1 << 7, /* batch statistics in training: the session runs it through nets/batch_norm.h */
    LAYER_KEEPS_INPUT = 1 << 8, /* backward_data reads io->x */
    LAYER_KEEPS_OUTPUT = 1 << 9 /* backward_data reads io->y */
};

/* A node as its layer sees it: all that is fixed when a session is made. */
typedef struct layer_view {
    const layer_config *config;
    kernel_choice kernel;
    int n_inputs;
    shape in[LAYER_MOST_INPUTS], out;
    shape flattened; /* of net_node */
} layer_view;

/* One call. Which pointers are set depends on the function. */
typedef struct layer_io {
    const float *x[LAYER_MOST_INPUTS];
    float *y; /* only read by backward functions */
    const float *dy;
    float *dx;
    int input; /* which input dx belongs to */
    const float *params[LAYER_MOST_PARAMS];
    float *dparams[LAYER_MOST_PARAMS];
    const void *packed; /* what `pack` made for this pass */
    void *stash;   /* stash_bytes that forward fills for backward functions, per sample; NULL: not wanted */
    void *scratch; /* scratch_bytes, 64-byte aligned */
    const epilogue *epilogue; /* LAYER_FUSES */
    rng *random;              /* LAYER_TRAINING_ONLY */
    int n;                    /* LAYER_ROWS, batch functions: number of samples */
} layer_io;

/* A configuration for the gradient-check matrix; inputs beyond n_inputs are zero shapes. */
typedef struct layer_sample {
    layer_config config;
    int n_inputs;
    shape in[LAYER_MOST_INPUTS];
} layer_sample;

struct layer {
    const char *name;
    unsigned fields, traits;
    int least_inputs, most_inputs;

    /* Checks the configuration (with defaults filled in) and gives the output's shape. */
    status (*shape)(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e);
    int (*params)(const layer_config *c, const shape *in, layer_param *out); /* how many; NULL: none */
    int64_t (*flops)(const layer_view *v); /* multiply-adds; NULL: not counted */
    const char *(*kernel)(const layer_view *v, layer_pass pass); /* what computes a pass; NULL: there is one way */

    size_t (*stash_bytes)(const layer_view *v); /* NULL: none */
    size_t (*scratch_bytes)(const layer_view *v, layer_pass pass);
    size_t (*pack_bytes)(const layer_view *v,
                         layer_pass pass); /* NULL or 0: `packed` is the weights themselves */
    void (*pack)(const layer_view *v, layer_pass pass, const float *weights, void *packed);

    void (*forward)(const layer_view *v, const layer_io *io); /* x -> y, stash */
    void (*backward_data)(const layer_view *v,
                          const layer_io *io); /* dy, x, y, stash -> dx of one input, WRITTEN */
    /* x, dy of n samples: += dparams. Needs no tiles. NULL where there are no parameters or batch_run does it. */
    void (*backward_params)(const layer_view *v, const layer_io *io);

    /* Layers whose weights are bigger than their activations: a pass over the whole batch (io->n samples), cut into fixed tiles of the
     * weights that may run at once. Everything is WRITTEN, without epilogue. NULL: samples are computed apart. */
    int (*batch_tiles)(const layer_view *v, layer_pass pass);
    void (*batch_run)(const layer_view *v, layer_pass pass, const layer_io *io, int tile);

    int n_samples;
    const layer_sample *samples;
};

/* Layer k of the list, NULL past the end: for help texts and the test matrix. */
const layer *layer_at(int k);

/* Shape rules that several layers share. */
status shape_same(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e);
status shape_global(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e);
status shape_pooled(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e);

#endif
