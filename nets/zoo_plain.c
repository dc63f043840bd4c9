/* Nets without branches. */
#include "nets/zoo_internal.h"

void zoo_linear(net_builder *b, int from, shape input, int classes) {
    (void)input;
    from = zoo_layer(b, "flatten", "flatten", from);
    zoo_linear_layer(b, "fc", from, classes);
}

void zoo_lenet5(net_builder *b, int from, shape input, int classes) {
    int pad = input.h < 32 ? 2 : 0; /* the original sees 28 x 28 digits in 32 x 32 images */
    from = zoo_conv(b, "conv1", from, 6, 5, 1, pad, true);
    from = zoo_layer(b, "relu1", "relu", from);
    from = zoo_max_pool(b, "pool1", from);
    from = zoo_conv(b, "conv2", from, 16, 5, 1, 0, true);
    from = zoo_layer(b, "relu2", "relu", from);
    from = zoo_max_pool(b, "pool2", from);
    from = zoo_layer(b, "flatten", "flatten", from);
    from = zoo_linear_layer(b, "fc1", from, 120);
    from = zoo_layer(b, "relu3", "relu", from);
    from = zoo_linear_layer(b, "fc2", from, 84);
    from = zoo_layer(b, "relu4", "relu", from);
    zoo_linear_layer(b, "fc3", from, classes);
}

void zoo_madry(net_builder *b, int from, shape input, int classes) {
    (void)input;
    from = zoo_conv(b, "conv1", from, 32, 5, 1, 2, true);
    from = zoo_layer(b, "relu1", "relu", from);
    from = zoo_max_pool(b, "pool1", from);
    from = zoo_conv(b, "conv2", from, 64, 5, 1, 2, true);
    from = zoo_layer(b, "relu2", "relu", from);
    from = zoo_max_pool(b, "pool2", from);
    from = zoo_layer(b, "flatten", "flatten", from);
    from = zoo_linear_layer(b, "fc1", from, 1024);
    from = zoo_layer(b, "relu3", "relu", from);
    zoo_linear_layer(b, "fc2", from, classes);
}

void zoo_small(net_builder *b, int from, shape input, int classes) {
    (void)input;
    from = zoo_conv_norm_relu(b, "1", from, 16);
    from = zoo_max_pool(b, "pool1", from);
    from = zoo_conv_norm_relu(b, "2", from, 32);
    from = zoo_max_pool(b, "pool2", from);
    from = zoo_layer(b, "flatten", "flatten", from);
    from = zoo_linear_layer(b, "fc1", from, 64);
    from = zoo_layer(b, "relu3", "relu", from);
    zoo_linear_layer(b, "fc2", from, classes);
}

void zoo_vgg_small(net_builder *b, int from, shape input, int classes) {
    (void)input;
    from = zoo_conv_norm_relu(b, "1_1", from, 32);
    from = zoo_conv_norm_relu(b, "1_2", from, 32);
    from = zoo_max_pool(b, "pool1", from);
    from = zoo_conv_norm_relu(b, "2_1", from, 64);
    from = zoo_conv_norm_relu(b, "2_2", from, 64);
    from = zoo_max_pool(b, "pool2", from);
    from = zoo_conv_norm_relu(b, "3_1", from, 128);
    from = zoo_conv_norm_relu(b, "3_2", from, 128);
    from = zoo_max_pool(b, "pool3", from);
    from = zoo_layer(b, "flatten", "flatten", from);
    from = zoo_dropout(b, "dropout1", from, .3F);
    from = zoo_linear_layer(b, "fc1", from, 256);
    from = zoo_layer(b, "relu4", "relu", from);
    from = zoo_dropout(b, "dropout2", from, .5F);
    zoo_linear_layer(b, "fc2", from, classes);
}
