/* Residual nets for small images (He et al. 2016, section 4.2): three stages of 16, 32 and 64 channels. Where the shape changes the
 * shortcut is a 1x1 convolution with a norm (option B of the paper). And the same layers without shortcuts. */
#include "nets/zoo_internal.h"

enum { STAGES = 3 };

static int stage_channels(int stage) {
    return 8 << stage;
}

/* Two convolutions of the block named by the scope. */
static int add_convolutions(zoo *z, int from, int out, int stride) {
    from = zoo_conv_norm_relu(z, "1", from, out, 3, stride);
    return zoo_conv(z, "conv2", from, out, 3, 1);
}

static int add_residual(zoo *z, int from, int in, int out, int stride, int block, int blocks) {
    int shortcut = from;
    if (stride != 1 || in != out) {
        shortcut = zoo_conv(z, "shortcut.0", from, out, 1, stride);
        shortcut = zoo_norm_layer(z, "shortcut.1", shortcut);
    }
    from = add_convolutions(z, from, out, stride);
    from = zoo_last_norm(z, "bn2", from);
    from = zoo_drop_path(z, "drop_path", from, block, blocks);
    from = zoo_join(z, "add", "add", 2, (int[]){from, shortcut});
    return zoo_activation(z, "relu2", from);
}

static int add_unshortened(zoo *z, int from, int out, int stride) {
    from = add_convolutions(z, from, out, stride);
    from = zoo_norm_layer(z, "bn2", from);
    return zoo_activation(z, "relu2", from);
}

/* Blocks a stage of a net of 6n + 2 layers; 0 after a refusal. */
static int blocks_of(zoo *z) {
    enum { MOST = 128 };
    double n = (z->numbers[0] - 2) / 6;
    if (n >= 1 && n <= MOST && n == (int)n) return (int)n;
    zoo_refuse(z, "%g layers, expected 6n + 2 with n = 1..%d", z->numbers[0], (int)MOST);
    return 0;
}

static void add_stages(zoo *z, int from, bool shortcuts, bool heads) {
    enum { HEAD_CHANNELS = 64 };
    int in = stage_channels(1), blocks = blocks_of(z);
    from = zoo_conv_norm_relu(z, "1", from, in, 3, 1);
    for (int stage = 1; stage <= STAGES; stage++) {
        for (int k = 0; k < blocks; k++) {
            int out = stage_channels(stage), stride = stage > 1 && k == 0 ? 2 : 1;
            zoo_scope(z, "layer%d.%d.", stage, k);
            from = shortcuts
                       ? add_residual(z, from, in, out, stride, (stage - 1) * blocks + k + 1, STAGES * blocks)
                       : add_unshortened(z, from, out, stride);
            in = out;
        }
        if (heads && stage < STAGES) zoo_aux_head(z, stage, from, HEAD_CHANNELS, 0);
    }
    zoo_scope(z, "%s", "");
    zoo_pooled_classifier(z, from, 0);
}

void zoo_resnet(zoo *z, int from) {
    add_stages(z, from, true, false);
}

void zoo_plain(zoo *z, int from) {
    add_stages(z, from, false, false);
}

void zoo_plain_aux(zoo *z, int from) {
    add_stages(z, from, false, true);
}
