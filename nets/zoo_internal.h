/* Lists of layers read as such: each call adds one node behind `from` and returns its index. */
#ifndef NETS_ZOO_INTERNAL_H
#define NETS_ZOO_INTERNAL_H

#include "nets/net_internal.h"
#include "nets/zoo.h"

typedef struct zoo {
    net_builder *b;
    const zoo_options *options;
    shape input;
    int classes;
    double numbers[2]; /* in the name: resnet20 has 20, wrn-16-2 has 16 and 2; -1 where there is none */
    zoo_norm own_norm; /* builders of nets without norms set ZOO_NORM_NONE */
    const char *own_activation;    /* "relu" unless the builder says otherwise */
    char scope[NET_MOST_NAME / 2]; /* in front of every name: "layer1.0." */
    err refusal;                   /* what zoo_refuse said */
} zoo;

typedef void zoo_builder(zoo *z, int from);

#define ZOO_DECLARE(name, what, build) zoo_builder build;
ZOO_LIST(ZOO_DECLARE)
#undef ZOO_DECLARE

/* Names from here on begin so. */
void zoo_scope(zoo *z, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The net cannot be built for this reason. */
void zoo_refuse(zoo *z, const char *format, ...) __attribute__((format(printf, 2, 3)));

shape zoo_map(const zoo *z, int node); /* what a node gives; 1 x 1 x 1 after a failure */

int zoo_add(zoo *z, const char *name, const char *op, const layer_config *config, int from);
int zoo_join(zoo *z, const char *name, const char *op, int n, const int *from); /* behind several nodes */
int zoo_layer(zoo *z, const char *name, const char *op, int from);              /* without configuration */
int zoo_linear_layer(zoo *z, const char *name, int from, int out);              /* with biases */
int zoo_max_pool(zoo *z, const char *name, int from);                           /* 2 x 2 */

/* A square convolution that keeps the size but for its stride, with a bias unless a norm follows. */
int zoo_conv(zoo *z, const char *name, int from, int out, int kernel, int stride);
int zoo_norm_layer(zoo *z, const char *name, int from); /* `from` itself where norms are off */
int zoo_last_norm(zoo *z, const char *name, int from);  /* the same, of a residual block: zero_gamma */
bool zoo_has_norms(const zoo *z);
int zoo_activation(zoo *z, const char *name, int from); /* the architecture's own unless chosen */
/* Convolution, norm and activation: "conv1", "bn1", "relu1" for suffix "1". */
int zoo_conv_norm_relu(zoo *z, const char *suffix, int from, int out, int kernel, int stride);
int zoo_dropout(zoo *z, const char *name, int from, double own_rate); /* `from` itself at rate 0 */
int zoo_spatial_dropout(zoo *z, const char *name, int from);          /* likewise */
/* Convolution, norm and activation as a module: "<name>.conv", "<name>.bn", "<name>.relu". */
int zoo_unit(zoo *z, const char *name, int from, int out, int kernel, int stride);
/* Stochastic depth for residual block `block` of 1..blocks; `from` itself where it is off. */
int zoo_drop_path(zoo *z, const char *name, int from, int block, int blocks);
/* Mean over the map, dropout and the last linear layer: "avgpool", "flatten", "dropout", "fc". */
int zoo_pooled_classifier(zoo *z, int from, double own_dropout);
/* An auxiliary head behind `from` (Szegedy et al. 2015, with the mean over the map in place of the hidden layer). */
void zoo_aux_head(zoo *z, int number, int from, int channels, double own_dropout);

#endif
