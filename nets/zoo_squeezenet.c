/* SqueezeNet (Iandola et al. 2016) for small images: fire modules squeeze by 1x1 convolutions and expand by 1x1 and 3x3 ones. With batch norm,
 * which the original had to do without, and no ReLU on the logits. */
#include <stdio.h>

#include "nets/zoo_internal.h"

static int add_fire(zoo *z, int number, int from, int squeezed, int expanded) {
    zoo_scope(z, "fire%d.", number);
    from = zoo_unit(z, "squeeze", from, squeezed, 1, 1);
    int ones = zoo_unit(z, "expand1x1", from, expanded, 1, 1);
    int threes = zoo_unit(z, "expand3x3", from, expanded, 3, 1);
    from = zoo_join(z, "concat", "concat", 2, (int[]){ones, threes});
    zoo_scope(z, "%s", "");
    return from;
}

void zoo_squeezenet(zoo *z, int from) {
    from = zoo_unit(z, "conv1", from, 64, 3, 1);
    for (int stage = 1; stage <= 3; stage++) {
        char name[16];
        snprintf(name, sizeof name, "pool%d", stage);
        from = zoo_max_pool(z, name, from);
        from = add_fire(z, 2 * stage, from, 16 * stage, 64 * stage);
        from = add_fire(z, 2 * stage + 1, from, 16 * stage, 64 * stage);
    }
    from = zoo_dropout(z, "dropout", from, .5);
    from = zoo_add(z, "conv8", "conv2d", &(layer_config){.out = z->classes, .kernel = {1, 1}, .bias = true},
                   from);
    zoo_layer(z, "avgpool", "global_avg_pool", from);
}
