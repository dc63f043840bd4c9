/* Architectures by name. */
#ifndef NETS_ZOO_H
#define NETS_ZOO_H

#include "nets/net.h"

/* X(name, what, builder): listed by `audit train --help`. */
#define ZOO_LIST(X)                                                                                                    \
    X("linear", "one fully connected layer", zoo_linear)                                                               \
    X("lenet5", "LeCun et al. 1998 with ReLU and max pooling: conv 5x5x6, conv 5x5x16, fc 120, 84", zoo_lenet5)         \
    X("madry", "Madry et al. 2018 MNIST net: conv 5x5x32, conv 5x5x64, fc 1024", zoo_madry)                            \
    X("small", "a quick net for demonstrations: conv 3x3x16, conv 3x3x32, batch norm, fc 64", zoo_small)               \
    X("vgg-small", "conv 3x3 32-32, 64-64, 128-128 with batch norm, dropout, fc 256", zoo_vgg_small)                   \
    X("resnet8", "residual net 16-32-64, one block a stage", zoo_resnet8)                                              \
    X("resnet20", "He et al. 2016, three blocks a stage, 1x1 projection shortcuts", zoo_resnet20)                      \
    X("resnet32", "five blocks a stage", zoo_resnet32)

/* A net for this input and number of classes; a Normalise layer with `mean` and `std` (per channel; NULL = none) comes first. STATUS_USAGE with
 * did-you-mean for unknown names. */
MUST_CHECK status zoo_build(const char *name, shape input, int classes, const float *mean, const float *std, net **out, err *e);

#endif
