#include "nets/zoo.h"

#include <stdio.h>
#include <string.h>

#include "core/suggest.h"
#include "nets/zoo_internal.h"

int zoo_conv(net_builder *b, const char *name, int from, int out, int kernel, int stride, int pad,
             bool bias) {
    layer_config c = {.out = out,
                      .kernel = {kernel, kernel},
                      .stride = {stride, stride},
                      .pad = {pad, pad, pad, pad},
                      .bias = bias};
    return net_add(b, name, "conv2d", &c, 1, &from);
}

int zoo_layer(net_builder *b, const char *name, const char *op, int from) {
    return net_add(b, name, op, NULL, 1, &from);
}

int zoo_conv_norm_relu(net_builder *b, const char *suffix, int from, int out) {
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "conv%s", suffix);
    int at = zoo_conv(b, name, from, out, 3, 1, 1, false);
    snprintf(name, sizeof name, "bn%s", suffix);
    at = zoo_layer(b, name, "batch_norm", at);
    snprintf(name, sizeof name, "relu%s", suffix);
    return zoo_layer(b, name, "relu", at);
}

int zoo_max_pool(net_builder *b, const char *name, int from) {
    return net_add(b, name, "max_pool2d", &(layer_config){.kernel = {2, 2}}, 1, &from);
}

int zoo_linear_layer(net_builder *b, const char *name, int from, int out) {
    return net_add(b, name, "linear", &(layer_config){.out = out, .bias = true}, 1, &from);
}

int zoo_dropout(net_builder *b, const char *name, int from, float rate) {
    return net_add(b, name, "dropout", &(layer_config){.rate = rate}, 1, &from);
}

typedef struct zoo_entry {
    const char *name;
    zoo_builder *build;
} zoo_entry;

#define ZOO_ENTRY(name, what, build) {name, build},
static const zoo_entry entries[] = {ZOO_LIST(ZOO_ENTRY)};
#undef ZOO_ENTRY

static status find_builder(const char *name, zoo_builder **out, err *e) {
    suggestion near = suggest_for(name);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        *out = entries[i].build;
        if (!strcmp(entries[i].name, name)) return STATUS_OK;
        suggest_offer(&near, entries[i].name);
    }
    return err_set(e, STATUS_USAGE, "unknown architecture \"%.64s\"%s", name, suggest_text(&near));
}

static int add_normalise(net_builder *b, shape input, const float *mean, const float *std) {
    layer_config c = {0};
    for (int k = 0; k < input.c && k < 4; k++) {
        c.mean[k] = mean ? mean[k] : 0;
        c.std[k] = std ? std[k] : 1;
    }
    int from = 0;
    return net_add(b, "normalise", "normalise", &c, 1, &from);
}

status zoo_build(const char *name, shape input, int classes, const float *mean, const float *std, net **out,
                 err *e) {
    *out = NULL;
    zoo_builder *build;
    status s = find_builder(name, &build, e);
    if (s != STATUS_OK) return s;
    net_builder *b = net_begin(name, input);
    int from = b && (mean || std) ? add_normalise(b, input, mean, std) : 0;
    build(b, from, input, classes);
    s = net_finish(b, out, e);
    if (s == STATUS_BAD_FILE) s = STATUS_USAGE; /* what does not fit here is a choice, not a file */
    return s == STATUS_OK ? s
                          : err_prefix(e, s, "%s on %d x %d x %d images", name, input.h, input.w, input.c);
}
