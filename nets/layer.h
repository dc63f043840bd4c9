/* Layers: what a node of a net can be. Each nets/layers/<name>.c defines one `const layer layer_<name>` that holds its configuration,
 * parameters, shape rule, forward, backward with respect to data, backward with respect to parameters, and the sample
 * configurations that the gradient-check matrix runs. They are listed in nets/layers.def. */
#ifndef NETS_LAYER_H
#define NETS_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"
#include "core/rng.h"
#include "core/run.h"
#include "core/tensor.h"

enum { LAYER_MOST_INPUTS = 8, LAYER_MOST_PARAMS = 5, PARAM_MOST_RANK = 4, VIEW_RANK = 5 };

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_MODES };

/* How a node is configured; a layer reads only its own fields. All are in the model file's graph under these names. Where a zero
 * makes no sense it stands for PyTorch's default, which net_add puts in its place: stride 1 (pooling: the kernel),
 * dilation 1, groups 1, eps 1e-5, momentum .1, rate .01 for leaky_relu and 1 for elu. */
typedef struct layer_config {
    int out;                               /* conv2d, linear: output channels or features */
    int kernel[2], stride[2], dilation[2]; /* rows, columns */
    int pad[4];                            /* top, left, bottom, right */
    int groups;                            /* conv2d, group_norm */
    bool bias, ceil_mode, count_include_pad;
    float rate;            /* dropout, dropout2d, drop_path: probability; leaky_relu: slope; elu: alpha */
    float eps, momentum;   /* batch_norm, group_norm (eps) */
    bool zero_init;        /* batch_norm, group_norm: weights_init makes the scale 0 instead of 1 */
    float mean[4], std[4]; /* normalise: per channel, in units of the [0,1] input */
    float low, high;       /* clip: bounds */
    int start[3], step[3], count[3]; /* slice: first value, stride and number, of rows, columns, channels */
    int pad_channels[2], pad_mode;   /* pad: channels before and behind; enum pad_mode */
    float fill;                      /* pad: the number of PAD_CONSTANT */
    int view[VIEW_RANK];             /* permute: axes that the values in C,H,W order are seen with, */
    int order[VIEW_RANK];            /* and how these change places */
    int to[3];                       /* permute: the result's rows, columns, channels */
    int lrn_size;                    /* lrn: channels in a window */
    float lrn_alpha, lrn_beta, lrn_bias;
    int size[2];       /* resize: rows, columns of the output */
    int n_map, map[4]; /* channels: which input channel each of the n_map output channels is */
} layer_config;

typedef enum param_kind {
    PARAM_WEIGHT,
    PARAM_BIAS,
    PARAM_NORM_SCALE,
    PARAM_NORM_SHIFT,
    BUFFER_MEAN,
    BUFFER_VARIANCE
} param_kind;

/* A parameter or buffer as the layer declares it. Memory layouts are our own: conv2d weights are [kh][kw][in/groups][out] (HWIO),
 * linear weights [out][in] with `in` in NHWC order where a flatten leads to it. Files hold PyTorch's layouts
 * (nets/model_file.h converts). */
typedef struct layer_param {
    const char *suffix; /* "weight", "bias", "running_mean", ... as in a PyTorch state_dict */
    param_kind kind;
    int rank;
    int dims[PARAM_MOST_RANK];
    int fan_in, fan_out; /* for initialisation; 0 for others */
} layer_param;

typedef struct layer layer; /* the vtable: nets/layer_internal.h, as only nets implement layers */

/* Looks a layer up by its name in the graph ("conv2d"); NULL when unknown. */
const layer *layer_find(const char *name);
const char *layer_name(const layer *l);

#endif
