#include "tests/support/session_setup.h"

#include "nets/zoo.h"
#include "tests/support/test.h"

void set_up_dropping(setup *s, const char *arch, shape input, double dropout) {
    err e;
    const float mean[4] = {.3F, .4F, .5F}, std[4] = {.2F, .3F, .4F};
    zoo_options o = zoo_options_default();
    o.mean = mean;
    o.std = std;
    o.dropout = dropout;
    assert_ok(zoo_build_with(arch, input, CLASSES, &o, &s->net, &e), e);
    assert_ok(weights_new(s->net, &s->w, &e), e);
    weights_init(s->net, &s->w, 11);
    rng r = rng_stream(5, "test", 0, 0, 0, 0);
    for (size_t i = s->net->n_trainable; i < s->net->n_floats; i++)
        s->w.data[i] = rng_range(&r, .1F, 1);
    s->x = malloc(SAMPLES * shape_size(input) * sizeof(float));
    for (size_t i = 0; i < SAMPLES * shape_size(input); i++)
        s->x[i] = rng_uniform(&r);
    for (int i = 0; i < OUTPUTS; i++)
        s->cotangent[i] = rng_normal(&r);
    for (int i = 0; i < SAMPLES; i++)
        s->ids[i] = 1000 - 3 * i;
}

void set_up(setup *s, const char *arch, shape input) {
    set_up_dropping(s, arch, input, -1);
}

void tear_down(setup *s) {
    weights_free(&s->w);
    net_free(s->net);
    free(s->x);
}
