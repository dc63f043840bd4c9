/* Lists of layers read as such: each call adds one node behind `from` and returns its index. */
#ifndef NETS_ZOO_INTERNAL_H
#define NETS_ZOO_INTERNAL_H

#include "nets/zoo.h"

typedef void zoo_builder(net_builder *b, int from, shape input, int classes);

#define ZOO_DECLARE(name, what, build) zoo_builder build;
ZOO_LIST(ZOO_DECLARE)
#undef ZOO_DECLARE

/* A square convolution with the same padding on all sides. */
int zoo_conv(net_builder *b, const char *name, int from, int out, int kernel, int stride, int pad, bool bias);
/* Convolution without bias, batch norm and ReLU: "conv1", "bn1", "relu1" for suffix "1". */
int zoo_conv_norm_relu(net_builder *b, const char *suffix, int from, int out);
int zoo_max_pool(net_builder *b, const char *name, int from);              /* 2 x 2 */
int zoo_layer(net_builder *b, const char *name, const char *op, int from); /* without configuration */
int zoo_linear_layer(net_builder *b, const char *name, int from, int out);
int zoo_dropout(net_builder *b, const char *name, int from, float rate);

#endif
