/* The pieces that architectures are written in. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nets/zoo_internal.h"

void zoo_scope(zoo *z, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(z->scope, sizeof z->scope, format, arguments);
    va_end(arguments);
}

void zoo_refuse(zoo *z, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(z->refusal.message, sizeof z->refusal.message, format, arguments);
    va_end(arguments);
}

static int add(zoo *z, const char *name, const char *op, const layer_config *config, int n, const int *from) {
    char full[2 * NET_MOST_NAME];
    snprintf(full, sizeof full, "%s%s", z->scope, name);
    return net_add(z->b, full, op, config, n, from);
}

int zoo_add(zoo *z, const char *name, const char *op, const layer_config *config, int from) {
    return add(z, name, op, config, 1, &from);
}

int zoo_join(zoo *z, const char *name, const char *op, int n, const int *from) {
    return add(z, name, op, NULL, n, from);
}

shape zoo_map(const zoo *z, int node) {
    return node >= 0 ? net_being_built(z->b)->nodes[node].out : (shape){1, 1, 1};
}

int zoo_layer(zoo *z, const char *name, const char *op, int from) {
    return zoo_add(z, name, op, NULL, from);
}

int zoo_linear_layer(zoo *z, const char *name, int from, int out) {
    return zoo_add(z, name, "linear", &(layer_config){.out = out, .bias = true}, from);
}

int zoo_max_pool(zoo *z, const char *name, int from) {
    return zoo_add(z, name, "max_pool2d", &(layer_config){.kernel = {2, 2}}, from);
}

static zoo_norm norm_of(const zoo *z) {
    return z->options->norm == ZOO_NORM_OWN ? z->own_norm : z->options->norm;
}

bool zoo_has_norms(const zoo *z) {
    return norm_of(z) != ZOO_NORM_NONE;
}

int zoo_conv(zoo *z, const char *name, int from, int out, int kernel, int stride) {
    int pad = (kernel - 1) / 2;
    layer_config c = {.out = out,
                      .kernel = {kernel, kernel},
                      .stride = {stride, stride},
                      .pad = {pad, pad, pad, pad},
                      .bias = !zoo_has_norms(z)};
    return zoo_add(z, name, "conv2d", &c, from);
}

static int norm(zoo *z, const char *name, int from, bool zero_init) {
    enum { GROUPS = 8 };
    layer_config c = {.zero_init = zero_init};
    if (norm_of(z) == ZOO_NORM_NONE) return from;
    if (norm_of(z) == ZOO_NORM_BATCH) return zoo_add(z, name, "batch_norm", &c, from);
    shape map = zoo_map(z, from);
    for (c.groups = GROUPS; map.c % c.groups;)
        c.groups /= 2;
    return zoo_add(z, name, "group_norm", &c, from);
}

int zoo_norm_layer(zoo *z, const char *name, int from) {
    return norm(z, name, from, false);
}

int zoo_last_norm(zoo *z, const char *name, int from) {
    return norm(z, name, from, z->options->zero_gamma);
}

int zoo_activation(zoo *z, const char *name, int from) {
    return zoo_layer(z, name, z->options->activation ? z->options->activation : z->own_activation, from);
}

/* `before` and `after` surround the words conv, bn and relu in the three names. */
static int conv_norm_relu(zoo *z, const char *before, const char *after, int from, int out, int kernel,
                          int stride) {
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "%sconv%s", before, after);
    int at = zoo_conv(z, name, from, out, kernel, stride);
    snprintf(name, sizeof name, "%sbn%s", before, after);
    at = zoo_norm_layer(z, name, at);
    snprintf(name, sizeof name, "%srelu%s", before, after);
    at = zoo_activation(z, name, at);
    snprintf(name, sizeof name, "%sdropout2d%s", before, after);
    return zoo_spatial_dropout(z, name, at);
}

int zoo_conv_norm_relu(zoo *z, const char *suffix, int from, int out, int kernel, int stride) {
    return conv_norm_relu(z, "", suffix, from, out, kernel, stride);
}

int zoo_unit(zoo *z, const char *name, int from, int out, int kernel, int stride) {
    char before[NET_MOST_NAME + 1];
    snprintf(before, sizeof before, "%s.", name);
    return conv_norm_relu(z, before, "", from, out, kernel, stride);
}

int zoo_dropout(zoo *z, const char *name, int from, double own_rate) {
    double rate = z->options->dropout >= 0 ? z->options->dropout : own_rate;
    return rate > 0 ? zoo_add(z, name, "dropout", &(layer_config){.rate = (float)rate}, from) : from;
}

int zoo_spatial_dropout(zoo *z, const char *name, int from) {
    double rate = z->options->spatial_dropout;
    return rate > 0 ? zoo_add(z, name, "dropout2d", &(layer_config){.rate = (float)rate}, from) : from;
}

int zoo_drop_path(zoo *z, const char *name, int from, int block, int blocks) {
    double rate = z->options->drop_path * block / blocks;
    return rate > 0 ? zoo_add(z, name, "drop_path", &(layer_config){.rate = (float)rate}, from) : from;
}

int zoo_pooled_classifier(zoo *z, int from, double own_dropout) {
    from = zoo_layer(z, "avgpool", "global_avg_pool", from);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = zoo_dropout(z, "dropout", from, own_dropout);
    return zoo_linear_layer(z, "fc", from, z->classes);
}

void zoo_aux_head(zoo *z, int number, int from, int channels, double own_dropout) {
    zoo_scope(z, "aux%d.", number);
    from = zoo_conv_norm_relu(z, "", from, channels, 1, 1);
    net_mark_aux(z->b, zoo_pooled_classifier(z, from, own_dropout));
    zoo_scope(z, "%s", "");
}
