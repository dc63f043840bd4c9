/* Architectures by name. */
#ifndef NETS_ZOO_H
#define NETS_ZOO_H

#include "nets/net.h"

/* X(name, what, builder): listed by `audit train --help`. The numbers in resnet20, plain20, plain20-aux, wrn-16-2 and mobilenet-0.25 may
 * be others: resnet44, wrn-28-10, mobilenet-0.75. */
#define ZOO_LIST(X)                                                                                                    \
    X("linear", "one fully connected layer", zoo_linear)                                                               \
    X("mlp", "fully connected 512, 256", zoo_mlp)                                                                      \
    X("lenet5", "LeCun et al. 1998 with ReLU and max pooling: conv 5x5x6, conv 5x5x16, fc 120, 84", zoo_lenet5)         \
    X("madry", "Madry et al. 2018 MNIST net: conv 5x5x32, conv 5x5x64, fc 1024", zoo_madry)                            \
    X("wong-kolter", "Wong & Kolter 2018 small net: conv 4x4x16 and 4x4x32 of stride 2, fc 100", zoo_wong_kolter)       \
    X("wong-kolter-2", "of twice the width; any whole width", zoo_wong_kolter)                                         \
    X("small", "a quick net for demonstrations: conv 3x3x16, conv 3x3x32, batch norm, fc 64", zoo_small)               \
    X("vgg-small", "conv 3x3 32-32, 64-64, 128-128 with batch norm, dropout, fc 256", zoo_vgg_small)                   \
    X("resnet8", "residual net 16-32-64, one block a stage", zoo_resnet)                                               \
    X("resnet20", "He et al. 2016, three blocks a stage, 1x1 projection shortcuts; any 6n+2", zoo_resnet)              \
    X("resnet32", "five blocks a stage", zoo_resnet)                                                                   \
    X("plain20", "the layers of resnet20 without shortcuts; any 6n+2", zoo_plain)                                      \
    X("plain20-aux", "plain20 with auxiliary heads behind its first two stages", zoo_plain_aux)     \
    X("wrn-16-1", "Zagoruyko & Komodakis 2016: pre-activation residual net, 16 layers, width 1", zoo_wrn)            \
    X("wrn-16-2", "of twice the width; any 6n+4 layers", zoo_wrn)                                                      \
    X("wrn-16-4", "of four times the width", zoo_wrn)                                                                  \
    X("googlenet-small", "Szegedy et al. 2015: six inception modules, two auxiliary heads", zoo_googlenet)             \
    X("squeezenet-small", "Iandola et al. 2016: six fire modules, with batch norm", zoo_squeezenet)                    \
    X("mobilenet", "Howard et al. 2017: depthwise separable, strides by the input's size", zoo_mobilenet)              \
    X("mobilenet-0.25", "of a quarter of the width; any width up to 4", zoo_mobilenet)

/* X(code, name, what) */
#define ZOO_NORM_LIST(X)                                                                                               \
    X(ZOO_NORM_OWN, "own", "what the architecture has")                                                                \
    X(ZOO_NORM_BATCH, "batch", "batch norm (Ioffe & Szegedy 2015)")                                                    \
    X(ZOO_NORM_GROUP, "group", "group norm (Wu & He 2018) of 8 groups, or fewer where 8 do not divide")               \
    X(ZOO_NORM_NONE, "none", "none; convolutions have biases instead")

#define ZOO_NORM_CODE(code, name, what) code,
typedef enum zoo_norm { ZOO_NORM_LIST(ZOO_NORM_CODE) } zoo_norm;
#undef ZOO_NORM_CODE

/* What can be chosen in any architecture that has a place for it. */
typedef struct zoo_options {
    const float *mean, *std; /* per channel, of a normalise layer in front; both NULL: none */
    zoo_norm norm;           /* behind convolutions */
    const char *activation;  /* name of a layer ("relu", "sigmoid", "tanh", "gelu", ...); NULL: the architecture's own */
    double dropout;          /* rate of every dropout layer; negative: the architecture's own, which often is none */
    double spatial_dropout;  /* rate of dropping whole maps behind the activation of every convolution (Tompson et al. 2015); 0: off */
    double drop_path;        /* stochastic depth: rate of the last residual block, falling linearly towards the first; 0: off */
    bool zero_gamma;         /* the last norm of every residual block begins at 0 (Goyal et al. 2017) */
} zoo_options;

zoo_options zoo_options_default(void);

/* A net for this input and number of classes. `o` may be NULL. STATUS_USAGE with did-you-mean for unknown names, and where an option finds
 * no place in the architecture. */
MUST_CHECK status zoo_build_with(const char *name, shape input, int classes, const zoo_options *o, net **out, err *e);

/* The same with nothing chosen but the input normalisation (NULL: none). */
MUST_CHECK status zoo_build(const char *name, shape input, int classes, const float *mean, const float *std, net **out, err *e);

/* STATUS_USAGE with did-you-mean when there is no architecture of this name. */
MUST_CHECK status zoo_check_name(const char *name, err *e);

#endif
