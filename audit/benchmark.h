/* How fast this machine is, and a net on it. */
#ifndef AUDIT_BENCHMARK_H
#define AUDIT_BENCHMARK_H

#include "core/run.h"
#include "datasets/dataset.h"
#include "nets/net.h"

/* Limits of the machine, each the best of several measurements. */
typedef struct machine_speed {
    double one;       /* GFLOP/s of a 1024 x 1024 x 1024 matrix product on one thread */
    double all;       /* the same on r->threads threads, a product on each */
    double bandwidth; /* GB/s that one thread reads and writes in memory, adding two arrays far larger than the caches */
} machine_speed;

MUST_CHECK status benchmark_machine(const run *r, double seconds, machine_speed *out, err *e);

/* X(code, name, unit): kinds of work. */
#define BENCHMARK_LIST(X)                                                                                    \
    X(BENCHMARK_INFER, "infer", "images/s") /* logits */                                                     \
    X(BENCHMARK_PGD, "pgd", "image-steps/s") /* forward and input gradient of one image; none is dropped */   \
    X(BENCHMARK_TRAIN, "train", "images/s") /* forward, backward and a Nesterov step */

#define BENCHMARK_CODE(code, name, unit) code,
typedef enum benchmark_work { BENCHMARK_LIST(BENCHMARK_CODE) BENCHMARK_WORKS } benchmark_work;
#undef BENCHMARK_CODE

const char *benchmark_name(benchmark_work w);
const char *benchmark_unit(benchmark_work w);

typedef struct benchmark_rate {
    double median; /* units a second over the runs */
    int runs;
} benchmark_rate;

/* For about `seconds`, after warming up, at least five runs of all images of `d`. `steps`: of PGD. Training changes *w. */
MUST_CHECK status benchmark_run(benchmark_work what, const net *n, weights *w, const dataset *d, int steps,
                                double seconds, const run *r, benchmark_rate *out, err *e);

/* n images of uniform noise that fit a net, with labels in turn. */
MUST_CHECK status benchmark_noise(const net *n, int images, dataset *out, err *e);

#endif
