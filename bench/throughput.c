/* Throughput of one kind of work on one net, in the form of the PyTorch peer: one JSON line with the median per second.
 *
 *   bench_throughput train|infer|pgd NET [--batch 128] [--threads 2] [--steps 40] [--seconds 10] [--kernel auto] [--image 28x28x1]
 *
 * What a unit of work is: audit/benchmark.h. Fashion-MNIST, or noise where --image is given; freshly initialised weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/benchmark.h"
#include "core/blas.h"
#include "core/parallel.h"
#include "datasets/open.h"
#include "nets/zoo.h"

static const char *option(int argc, char **argv, const char *name, const char *fallback) {
    for (int i = 3; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0) return argv[i + 1];
    return fallback;
}

static int number(int argc, char **argv, const char *name, const char *fallback) {
    return (int)strtol(option(argc, argv, name, fallback), NULL, 10);
}

static benchmark_work work_named(const char *name) {
    benchmark_work w = 0;
    while (w < BENCHMARK_WORKS && strcmp(benchmark_name(w), name) != 0)
        w++;
    return w;
}

static status make(int argc, char **argv, net **n, dataset *d, err *e) {
    const char *image = option(argc, argv, "--image", NULL);
    open_options open = {.split = "train", .n = number(argc, argv, "--batch", "128")};
    shape s;
    if (!image) {
        status done = dataset_open("fashion-mnist", &open, d, e);
        return done == STATUS_OK ? zoo_build(argv[2], d->image, d->classes, NULL, NULL, n, e) : done;
    }
    if (sscanf(image, "%dx%dx%d", &s.h, &s.w, &s.c) != 3)
        return err_set(e, STATUS_USAGE, "--image %s, expected HxWxC", image);
    status done = zoo_build(argv[2], s, 10, NULL, NULL, n, e);
    return done == STATUS_OK ? benchmark_noise(*n, open.n, d, e) : done;
}

int main(int argc, char **argv) {
    parallel_wait_briefly(argv);
    blas_choose_core(argv);
    benchmark_work work = argc > 2 ? work_named(argv[1]) : BENCHMARK_WORKS;
    if (work == BENCHMARK_WORKS) {
        fprintf(stderr,
                "usage: %s train|infer|pgd NET [--batch N] [--threads N] [--steps N] [--seconds S] [--kernel "
                "K] [--image HxWxC]\n",
                argv[0]);
        return 2;
    }
    err e;
    run r = run_default();
    net *n;
    dataset d;
    weights w;
    benchmark_rate rate;
    r.threads = number(argc, argv, "--threads", "2");
    status s = kernel_choice_parse(option(argc, argv, "--kernel", "auto"), &r.kernel, &e);
    if (s == STATUS_OK) s = make(argc, argv, &n, &d, &e);
    if (s == STATUS_OK) s = weights_new(n, &w, &e);
    if (s == STATUS_OK) {
        weights_init(n, &w, 0);
        s = benchmark_run(work, n, &w, &d, number(argc, argv, "--steps", "40"),
                          strtod(option(argc, argv, "--seconds", "10"), NULL), &r, &rate, &e);
    }
    if (s != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], e.message);
        return status_exit_code(s);
    }
    printf(
        "{\"peer\": \"audit %s, %s %s\", \"work\": \"%s\", \"net\": \"%s\", \"batch\": %d, \"threads\": %d, "
        "\"median_per_s\": %.1f, \"runs\": %d}\n",
        kernel_choice_name(r.kernel), blas_version(), blas_core(), benchmark_name(work), argv[2], d.n,
        r.threads, rate.median, rate.runs);
    return 0; /* the process ends here: its memory goes with it */
}
