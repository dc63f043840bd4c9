/* A small net without kinks and a batch for it, for tests of robust training. */
#ifndef TESTS_SUPPORT_ROBUST_BENCH_H
#define TESTS_SUPPORT_ROBUST_BENCH_H

#include "attacks/robust.h"
#include "attacks/train/robust_internal.h"

enum { BENCH_SIDE = 6, D = BENCH_SIDE * BENCH_SIDE, CLASSES = 4, ROWS = 12 };

/* A net without kinks, and a batch for it. */
typedef struct bench {
    net *net;
    weights w;
    run r;
    float x[ROWS * D], targets[ROWS * CLASSES], loss_weights[ROWS];
    int32_t labels[ROWS], ids[ROWS];
    batch b;
} bench;

bench *bench_begin(int threads);
void bench_end(bench *t);

/* What is asked for with this eps and nothing else. */
robust_options bench_asked(double eps);

/* The objective of a method on the bench's net. */
objective bench_objective(bench *t, const char *name, double eps);

#endif
