/* What the processor and its memory can do at best. */
#include <stdlib.h>

#include "audit/benchmark.h"
#include "core/arena.h"
#include "core/blas.h"
#include "core/clock.h"
#include "core/parallel.h"

enum { SIDE = 1024, ROUNDS = 5, ARRAY = 8 << 20 /* floats: 32 MB */ };

typedef struct products {
    float *a, *b, *c; /* c: one a thread */
} products;

static status multiply(void *context, int chunk, int worker) {
    const products *p = context;
    (void)worker;
    blas_single_thread();
    gemm(KERNEL_OPENBLAS, false, false, SIDE, SIDE, SIDE, 1, p->a, SIDE, p->b, SIDE, 0,
         p->c + (size_t)chunk * SIDE * SIDE, SIDE);
    return STATUS_OK;
}

/* GFLOP/s of `threads` products at a time. */
static double product_rate(const products *p, const run *r, int threads, double seconds) {
    run alone = *r;
    alone.threads = threads;
    alone.cancel = NULL;
    double best = 0, end = clock_seconds() + seconds;
    for (int i = 0; i < ROUNDS || clock_seconds() < end; i++) {
        double began = clock_seconds();
        if (parallel_for(&alone, threads, multiply, (void *)p) != STATUS_OK) return 0;
        double rate = threads * 2e-9 * SIDE * SIDE * SIDE / (clock_seconds() - began);
        best = rate > best ? rate : best;
    }
    return best;
}

/* GB/s of c = a + b, counting what is read and written. */
static double memory_rate(float *a, const float *b, const float *c, double seconds) {
    double best = 0, end = clock_seconds() + seconds;
    for (int i = 0; i < ROUNDS || clock_seconds() < end; i++) {
        double began = clock_seconds();
        for (size_t k = 0; k < ARRAY; k++)
            a[k] = b[k] + c[k];
        double rate = 3e-9 * sizeof(float) * ARRAY / (clock_seconds() - began);
        best = rate > best ? rate : best;
    }
    return best;
}

static float *ones(size_t n) {
    float *x = alloc_aligned(n * sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        x[i] = 1;
    return x;
}

status benchmark_machine(const run *r, double seconds, machine_speed *out, err *e) {
    size_t square = (size_t)SIDE * SIDE, most = square * (size_t)r->threads;
    products p = {ones(ARRAY), ones(ARRAY), ones(most > ARRAY ? most : ARRAY)};
    status s =
        p.a && p.b && p.c ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory to measure the machine");
    if (s == STATUS_OK)
        *out = (machine_speed){.one = product_rate(&p, r, 1, seconds),
                               .all = product_rate(&p, r, r->threads, seconds),
                               .bandwidth = memory_rate(p.c, p.a, p.b, seconds)};
    free(p.a);
    free(p.b);
    free(p.c);
    return s;
}
