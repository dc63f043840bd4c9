/* Residual nets for small images (He et al. 2016, section 4.2): three stages of 16, 32 and 64 channels. Where the shape changes the
 * shortcut is a 1x1 convolution with batch norm (option B of the paper). */
#include <stdio.h>

#include "nets/zoo_internal.h"

/* Adds "<block>.<part>" behind `from`. */
static int conv_part(net_builder *b, const char *block, const char *part, int from, int out, int kernel,
                     int stride) {
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "%s.%s", block, part);
    return zoo_conv(b, name, from, out, kernel, stride, kernel / 2, false);
}

static int plain_part(net_builder *b, const char *block, const char *part, const char *op, int from) {
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "%s.%s", block, part);
    return zoo_layer(b, name, op, from);
}

static int add_block(net_builder *b, const char *block, int from, int in, int out, int stride) {
    int shortcut = from, at = from;
    if (stride != 1 || in != out) {
        shortcut = conv_part(b, block, "shortcut.0", from, out, 1, stride);
        shortcut = plain_part(b, block, "shortcut.1", "batch_norm", shortcut);
    }
    at = conv_part(b, block, "conv1", at, out, 3, stride);
    at = plain_part(b, block, "bn1", "batch_norm", at);
    at = plain_part(b, block, "relu1", "relu", at);
    at = conv_part(b, block, "conv2", at, out, 3, 1);
    at = plain_part(b, block, "bn2", "batch_norm", at);
    char name[NET_MOST_NAME + 1];
    snprintf(name, sizeof name, "%s.add", block);
    at = net_add(b, name, "add", NULL, 2, (int[]){at, shortcut});
    return plain_part(b, block, "relu2", "relu", at);
}

static void add_resnet(net_builder *b, int from, int classes, int blocks) {
    from = zoo_conv(b, "conv1", from, 16, 3, 1, 1, false);
    from = zoo_layer(b, "bn1", "batch_norm", from);
    from = zoo_layer(b, "relu1", "relu", from);
    int in = 16;
    for (int stage = 1; stage <= 3; stage++)
        for (int k = 0; k < blocks; k++) {
            char block[NET_MOST_NAME / 2];
            snprintf(block, sizeof block, "layer%d.%d", stage, k);
            int out = 8 << stage;
            from = add_block(b, block, from, in, out, stage > 1 && k == 0 ? 2 : 1);
            in = out;
        }
    from = zoo_layer(b, "avgpool", "global_avg_pool", from);
    from = zoo_layer(b, "flatten", "flatten", from);
    zoo_linear_layer(b, "fc", from, classes);
}

void zoo_resnet8(net_builder *b, int from, shape input, int classes) {
    (void)input;
    add_resnet(b, from, classes, 1);
}

void zoo_resnet20(net_builder *b, int from, shape input, int classes) {
    (void)input;
    add_resnet(b, from, classes, 3);
}

void zoo_resnet32(net_builder *b, int from, shape input, int classes) {
    (void)input;
    add_resnet(b, from, classes, 5);
}
