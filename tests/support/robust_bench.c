#include "tests/support/robust_bench.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/golden.h"
#include "tests/support/test.h"

bench *bench_begin(int threads) {
    err e;
    bench *t = calloc(1, sizeof *t);
    assert_non_null(t);
    net_builder *b = net_begin("smooth", (shape){BENCH_SIDE, BENCH_SIDE, 1});
    layer_config conv = {.out = 3, .kernel = {3, 3}, .pad = {1, 1, 1, 1}, .bias = true},
                 linear = {.out = CLASSES, .bias = true};
    int at = net_add(b, "conv", "conv2d", &conv, 1, (int[]){0});
    at = net_add(b, "act", "tanh", NULL, 1, &at);
    at = net_add(b, "flat", "flatten", NULL, 1, &at);
    net_add(b, "fc", "linear", &linear, 1, &at);
    assert_ok(net_finish(b, &t->net, &e), e);
    assert_ok(weights_new(t->net, &t->w, &e), e);
    weights_init(t->net, &t->w, 3);
    t->r = run_default();
    t->r.threads = threads;
    for (int i = 0; i < ROWS * D; i++) /* a third black, a third white */
        t->x[i] = fminf(fmaxf(1.5f * golden_unit(4, (uint32_t)i) + 0.5f, 0), 1);
    for (int i = 0; i < ROWS; i++) {
        t->labels[i] = i % CLASSES;
        t->ids[i] = 100 + i;
        t->loss_weights[i] = 1 + 0.5f * (float)(i % 3);
        t->targets[i * CLASSES + t->labels[i]] = 1;
    }
    t->b = (batch){.n = ROWS,
                   .x = t->x,
                   .targets = t->targets,
                   .labels = t->labels,
                   .loss_weights = t->loss_weights,
                   .ids = t->ids,
                   .step = 7,
                   .steps = 10,
                   .update_statistics = true};
    return t;
}

void bench_end(bench *t) {
    weights_free(&t->w);
    net_free(t->net);
    free(t);
}

robust_options bench_asked(double eps) {
    return (robust_options){.eps = eps, .warmup = -1};
}

objective bench_objective(bench *t, const char *name, double eps) {
    err e;
    objective goal;
    const robust_method *m = robust_find(name);
    robust_options o = robust_fill(m, bench_asked(m->defaults.eps > 0 ? eps : 0), t->net->input);
    assert_ok(objective_robust(m, &o, t->net, &t->w, ROWS, &t->r, &goal, &e), e);
    return goal;
}
