/* Nets without branches. */
#include <math.h>

#include "nets/zoo_internal.h"

void zoo_linear(zoo *z, int from) {
    from = zoo_layer(z, "flatten", "flatten", from);
    zoo_linear_layer(z, "fc", from, z->classes);
}

/* Fully connected, norm where one is chosen, activation: "fc1", "bn1", "relu1" under these names. */
static int hidden(zoo *z, const char *fc, const char *bn, const char *relu, int from, int out) {
    from = zoo_linear_layer(z, fc, from, out);
    from = zoo_norm_layer(z, bn, from);
    return zoo_activation(z, relu, from);
}

void zoo_mlp(zoo *z, int from) {
    z->own_norm = ZOO_NORM_NONE;
    from = zoo_layer(z, "flatten", "flatten", from);
    from = hidden(z, "fc1", "bn1", "relu1", from, 512);
    from = zoo_dropout(z, "dropout1", from, 0);
    from = hidden(z, "fc2", "bn2", "relu2", from, 256);
    from = zoo_dropout(z, "dropout2", from, 0);
    zoo_linear_layer(z, "fc3", from, z->classes);
}

/* Without the padding that the original does not have: digits of 28 x 28 lie in 32 x 32 images there. */
static int lenet_conv(zoo *z, const char *name, int from, int out, int pad) {
    layer_config c = {.out = out, .kernel = {5, 5}, .pad = {pad, pad, pad, pad}, .bias = !zoo_has_norms(z)};
    return zoo_add(z, name, "conv2d", &c, from);
}

void zoo_lenet5(zoo *z, int from) {
    z->own_norm = ZOO_NORM_NONE;
    from = lenet_conv(z, "conv1", from, 6, z->input.h < 32 ? 2 : 0);
    from = zoo_norm_layer(z, "bn1", from);
    from = zoo_activation(z, "relu1", from);
    from = zoo_spatial_dropout(z, "dropout2d_1", from);
    from = zoo_max_pool(z, "pool1", from);
    from = lenet_conv(z, "conv2", from, 16, 0);
    from = zoo_norm_layer(z, "bn2", from);
    from = zoo_activation(z, "relu2", from);
    from = zoo_spatial_dropout(z, "dropout2d_2", from);
    from = zoo_max_pool(z, "pool2", from);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = hidden(z, "fc1", "bn3", "relu3", from, 120);
    from = hidden(z, "fc2", "bn4", "relu4", from, 84);
    from = zoo_dropout(z, "dropout", from, 0);
    zoo_linear_layer(z, "fc3", from, z->classes);
}

void zoo_madry(zoo *z, int from) {
    z->own_norm = ZOO_NORM_NONE;
    from = zoo_conv_norm_relu(z, "1", from, 32, 5, 1);
    from = zoo_max_pool(z, "pool1", from);
    from = zoo_conv_norm_relu(z, "2", from, 64, 5, 1);
    from = zoo_max_pool(z, "pool2", from);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = hidden(z, "fc1", "bn3", "relu3", from, 1024);
    from = zoo_dropout(z, "dropout", from, 0);
    zoo_linear_layer(z, "fc2", from, z->classes);
}

/* The "small" net of Wong and Kolter, which much of the literature on certified and fast robust training took for MNIST. */
void zoo_wong_kolter(zoo *z, int from) {
    z->own_norm = ZOO_NORM_NONE;
    double width = z->numbers[0] < 0 ? 1 : z->numbers[0];
    if (!(width >= 1 && width <= 32 && width == floor(width))) {
        zoo_refuse(z, "width %g of wong-kolter, expected a whole number from 1 to 32", width);
        return;
    }
    int k = (int)width;
    from = zoo_conv_norm_relu(z, "1", from, 16 * k, 4, 2);
    from = zoo_conv_norm_relu(z, "2", from, 32 * k, 4, 2);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = hidden(z, "fc1", "bn3", "relu3", from, 100 * k);
    from = zoo_dropout(z, "dropout", from, 0);
    zoo_linear_layer(z, "fc2", from, z->classes);
}

void zoo_small(zoo *z, int from) {
    from = zoo_conv_norm_relu(z, "1", from, 16, 3, 1);
    from = zoo_max_pool(z, "pool1", from);
    from = zoo_conv_norm_relu(z, "2", from, 32, 3, 1);
    from = zoo_max_pool(z, "pool2", from);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = zoo_linear_layer(z, "fc1", from, 64);
    from = zoo_activation(z, "relu3", from);
    from = zoo_dropout(z, "dropout", from, 0);
    zoo_linear_layer(z, "fc2", from, z->classes);
}

void zoo_vgg_small(zoo *z, int from) {
    from = zoo_conv_norm_relu(z, "1_1", from, 32, 3, 1);
    from = zoo_conv_norm_relu(z, "1_2", from, 32, 3, 1);
    from = zoo_max_pool(z, "pool1", from);
    from = zoo_conv_norm_relu(z, "2_1", from, 64, 3, 1);
    from = zoo_conv_norm_relu(z, "2_2", from, 64, 3, 1);
    from = zoo_max_pool(z, "pool2", from);
    from = zoo_conv_norm_relu(z, "3_1", from, 128, 3, 1);
    from = zoo_conv_norm_relu(z, "3_2", from, 128, 3, 1);
    from = zoo_max_pool(z, "pool3", from);
    from = zoo_layer(z, "flatten", "flatten", from);
    from = zoo_dropout(z, "dropout1", from, .3);
    from = zoo_linear_layer(z, "fc1", from, 256);
    from = zoo_activation(z, "relu4", from);
    from = zoo_dropout(z, "dropout2", from, .5);
    zoo_linear_layer(z, "fc2", from, z->classes);
}
