/* MobileNet (Howard et al. 2017): a 3x3 convolution per channel, then a 1x1 convolution, thirteen times, with ReLU6 and TensorFlow's
 * "SAME" padding. The original halves its 224 x 224 input five times. Smaller images are halved less often, the first times
 * left out, so that a map of 4 x 4 or more remains. */
#include "nets/zoo_internal.h"

enum { HALVINGS = 5, LEAST_SIDE = 4 };

/* Channels of the blocks at width 1, and which of them halve the map. */
static const struct {
    int channels;
    bool halves;
} blocks[] = {{64, false},  {128, true},  {128, false}, {256, true},  {256, false},
              {512, true},  {512, false}, {512, false}, {512, false}, {512, false},
              {512, false}, {1024, true}, {1024, false}};

/* A multiple of 8, at least 8. */
static int channels_at(double width, int channels) {
    int rounded = ((int)(width * channels + 4)) / 8 * 8;
    return rounded < 8 ? 8 : rounded;
}

static int halvings_of(shape input) {
    int side = input.h < input.w ? input.h : input.w, n = 0;
    while (n < HALVINGS && (side + 1) / 2 >= LEAST_SIDE) {
        side = (side + 1) / 2;
        n++;
    }
    return n;
}

/* So that the output is input / stride, rounded up; what is odd goes to the end. */
static void pad_same(int length, int kernel, int stride, int *before, int *after) {
    int all = ((length + stride - 1) / stride - 1) * stride + kernel - length;
    *before = all > 0 ? all / 2 : 0;
    *after = all > 0 ? all - *before : 0;
}

static int conv_same(zoo *z, const char *name, int from, int out, int stride, int groups) {
    shape in = zoo_map(z, from);
    layer_config c = {.out = out,
                      .kernel = {3, 3},
                      .stride = {stride, stride},
                      .groups = groups,
                      .bias = !zoo_has_norms(z)};
    pad_same(in.h, 3, stride, &c.pad[0], &c.pad[2]);
    pad_same(in.w, 3, stride, &c.pad[1], &c.pad[3]);
    return zoo_add(z, name, "conv2d", &c, from);
}

static int add_block(zoo *z, int from, int out, int stride) {
    int in = zoo_map(z, from).c;
    from = conv_same(z, "conv1", from, in, stride, in);
    from = zoo_norm_layer(z, "bn1", from);
    from = zoo_activation(z, "relu1", from);
    return zoo_conv_norm_relu(z, "2", from, out, 1, 1);
}

void zoo_mobilenet(zoo *z, int from) {
    double width = z->numbers[0] >= 0 ? z->numbers[0] : 1;
    if (!(width > 0 && width <= 4)) {
        zoo_refuse(z, "a width of %g, expected above 0 and at most 4", width);
        return;
    }
    int skipped = HALVINGS - halvings_of(z->input), place = 0;
    z->own_activation = "relu6";
    from = conv_same(z, "conv1", from, channels_at(width, 32), place++ >= skipped ? 2 : 1, 1);
    from = zoo_norm_layer(z, "bn1", from);
    from = zoo_activation(z, "relu1", from);
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        bool halve = blocks[k].halves && place++ >= skipped;
        zoo_scope(z, "block%zu.", k + 1);
        from = add_block(z, from, channels_at(width, blocks[k].channels), halve ? 2 : 1);
    }
    zoo_scope(z, "%s", "");
    zoo_pooled_classifier(z, from, 0);
}
