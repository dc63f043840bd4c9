/* GoogLeNet (Szegedy et al. 2015) for small images: its inception modules with batch norm, six of nine, a quarter of the channels. */
#include <string.h>

#include "nets/zoo_internal.h"

/* Output channels of the branches; the 3x3 and 5x5 convolutions are behind 1x1 ones that reduce. */
typedef struct inception {
    const char *name;
    int ones, reduce3, threes, reduce5, fives, pooled;
} inception;

static const inception modules[] = {
    {"3a", 32, 32, 48, 8, 16, 16},  {"3b", 48, 48, 64, 12, 24, 24},  {"4a", 64, 48, 80, 12, 24, 24},
    {"4b", 64, 56, 96, 16, 32, 32}, {"4c", 80, 64, 112, 16, 32, 32}, {"5a", 96, 72, 128, 16, 48, 48},
};

static int add_inception(zoo *z, const inception *m, int from) {
    layer_config window = {.kernel = {3, 3}, .stride = {1, 1}, .pad = {1, 1, 1, 1}};
    zoo_scope(z, "inception%s.", m->name);
    int ones = zoo_unit(z, "branch1", from, m->ones, 1, 1);
    int threes = zoo_unit(z, "branch2.0", from, m->reduce3, 1, 1);
    threes = zoo_unit(z, "branch2.1", threes, m->threes, 3, 1);
    int fives = zoo_unit(z, "branch3.0", from, m->reduce5, 1, 1);
    fives = zoo_unit(z, "branch3.1", fives, m->fives, 5, 1);
    int pooled = zoo_add(z, "branch4.0", "max_pool2d", &window, from);
    pooled = zoo_unit(z, "branch4.1", pooled, m->pooled, 1, 1);
    int joined = zoo_join(z, "concat", "concat", 4, (int[]){ones, threes, fives, pooled});
    zoo_scope(z, "%s", "");
    return joined;
}

void zoo_googlenet(zoo *z, int from) {
    enum { HEAD_CHANNELS = 128 };
    from = zoo_unit(z, "conv1", from, 32, 3, 1);
    from = zoo_unit(z, "conv2", from, 64, 3, 1);
    from = zoo_max_pool(z, "pool2", from);
    for (size_t k = 0; k < sizeof modules / sizeof *modules; k++) {
        const inception *m = &modules[k];
        from = add_inception(z, m, from);
        if (!strcmp(m->name, "3b")) from = zoo_max_pool(z, "pool3", from);
        if (!strcmp(m->name, "4a")) zoo_aux_head(z, 1, from, HEAD_CHANNELS, .7);
        if (!strcmp(m->name, "4c")) zoo_aux_head(z, 2, from, HEAD_CHANNELS, .7);
    }
    zoo_pooled_classifier(z, from, .4);
}
