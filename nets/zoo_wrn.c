/* Wide residual nets (Zagoruyko & Komodakis 2016): norm and activation come before each convolution, three stages of 16k, 32k and 64k
 * channels, dropout between the two convolutions of a block. Where the shape changes the shortcut is a 1x1 convolution of the
 * activated input. */
#include "nets/zoo_internal.h"

enum { STAGES = 3, BASE = 16 };

typedef struct block {
    int out, stride, index, blocks; /* index of 1..blocks */
} block;

static int add_block(zoo *z, int from, block k) {
    int at = zoo_norm_layer(z, "bn1", from), shortcut = from;
    at = zoo_activation(z, "relu1", at);
    if (k.stride != 1 || zoo_map(z, from).c != k.out)
        shortcut = zoo_conv(z, "shortcut", at, k.out, 1, k.stride);
    at = zoo_conv(z, "conv1", at, k.out, 3, k.stride);
    at = zoo_norm_layer(z, "bn2", at);
    at = zoo_activation(z, "relu2", at);
    at = zoo_dropout(z, "dropout", at, 0);
    at = zoo_spatial_dropout(z, "dropout2d", at);
    at = zoo_conv(z, "conv2", at, k.out, 3, 1);
    at = zoo_drop_path(z, "drop_path", at, k.index, k.blocks);
    return zoo_join(z, "add", "add", 2, (int[]){at, shortcut});
}

void zoo_wrn(zoo *z, int from) {
    enum { MOST_BLOCKS = 128, MOST_WIDTH = 32 };
    double each = (z->numbers[0] - 4) / 6, width = z->numbers[1];
    if (!(each >= 1 && each <= MOST_BLOCKS && each == (int)each && width >= 1 && width <= MOST_WIDTH &&
          width == (int)width)) {
        zoo_refuse(z, "%g layers of width %g, expected 6n + 4 with n = 1..%d, and 1..%d", z->numbers[0],
                   width, (int)MOST_BLOCKS, (int)MOST_WIDTH);
        return;
    }
    int index = 0, blocks = STAGES * (int)each;
    from = zoo_conv(z, "conv1", from, BASE, 3, 1);
    for (int stage = 1; stage <= STAGES; stage++)
        for (int k = 0; k < (int)each; k++) {
            zoo_scope(z, "layer%d.%d.", stage, k);
            int out = (BASE << (stage - 1)) * (int)width;
            from = add_block(z, from, (block){out, stage > 1 && k == 0 ? 2 : 1, ++index, blocks});
        }
    zoo_scope(z, "%s", "");
    from = zoo_norm_layer(z, "bn1", from);
    from = zoo_activation(z, "relu1", from);
    zoo_pooled_classifier(z, from, 0);
}
