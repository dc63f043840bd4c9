/* Throughput of one kind of work on one net, in the form of the PyTorch peer: one JSON line with the median per second.
 *
 *   bench_throughput train|infer|pgd madry|resnet20 [--batch 128] [--threads 2] [--steps 40] [--seconds 10] [--kernel auto]
 *
 * train: forward, backward and one Nesterov step, images/s. infer: logits, images/s. pgd: one forward and one input gradient of one
 * image is an image-step; no sample is dropped. Fashion-MNIST, 28x28x1, freshly initialised weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attacks/runner.h"
#include "core/blas.h"
#include "core/parallel.h"
#include "datasets/open.h"
#include "nets/predict.h"
#include "nets/train.h"
#include "nets/zoo.h"

typedef struct bench {
    run run;
    int steps;
    dataset data;
    net *net;
    weights weights;
    float *x, *targets, *logits, *grad, *ones;
    objective goal;
    optim optim;
    model *model;
} bench;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static status train_prepare(bench *b, err *e)
{
    int n = b->data.n, classes = b->net->classes;
    size_t d = shape_size(b->data.image);
    b->x = alloc_aligned((size_t)n * d * sizeof(float));
    b->targets = calloc((size_t)n * (size_t)classes, sizeof(float));
    b->ones = malloc((size_t)n * sizeof(float));
    b->grad = alloc_aligned(b->net->n_trainable * sizeof(float));
    if (!b->x || !b->targets || !b->ones || !b->grad)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n; i++) {
        dataset_image(&b->data, i, b->x + (size_t)i * d);
        b->targets[(size_t)i * (size_t)classes + (size_t)b->data.labels[i]] = 1;
        b->ones[i] = 1;
    }
    status s = optim_new(OPTIM_NESTEROV, b->net, &b->optim, e);
    return s ? s : objective_plain(b->net, &b->weights, n, &b->run, &b->goal, e);
}

static status train_once(bench *b, err *e)
{
    batch it = {.n = b->data.n, .x = b->x, .targets = b->targets, .labels = b->data.labels, .loss_weights = b->ones,
                .ids = b->data.ids, .update_statistics = true};
    batch_result result;
    status s = b->goal.accumulate(b->goal.self, &it, &b->weights, b->grad, &result, e);
    return s ? s : optim_step(&b->optim, b->net, &b->weights, b->grad, .01, .9, &b->run);
}

static status infer_once(bench *b, err *e)
{
    return predict_logits(b->model, &b->data, &b->run, "infer", b->logits, e);
}

static status pgd_once(bench *b, err *e)
{
    const double eps = .05;
    attack_plan plan = {.method = attack_find("pgd"), .options = {.steps = b->steps, .restarts = 1, .random_start = true},
                        .norm = NORM_LINF, .eps = &eps, .n_eps = 1, .no_drop = true, .batch = b->data.n};
    attack_result result;
    status s = attack_run(b->model, &b->data, &plan, &b->run, &result, e);
    attack_result_free(&result);
    return s;
}

static status model_prepare(bench *b, err *e)
{
    b->logits = malloc((size_t)b->data.n * (size_t)b->net->classes * sizeof(float));
    if (!b->logits)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    return model_of_net(b->net, &b->weights, true, &b->run, &b->model, e);
}

static const struct work {
    const char *name;
    status (*prepare)(bench *b, err *e);
    status (*once)(bench *b, err *e);
} works[] = {{"train", train_prepare, train_once}, {"infer", model_prepare, infer_once}, {"pgd", model_prepare, pgd_once}};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static status measure(bench *b, const struct work *w, int per_run, double budget, double *median, int *runs, err *e)
{
    enum { MOST = 4096, LEAST = 5, WARM = 2 };
    static double rates[MOST];
    status s = w->prepare(b, e);
    for (int i = 0; s == STATUS_OK && i < WARM; i++)
        s = w->once(b, e);
    double end = seconds() + budget;
    for (*runs = 0; s == STATUS_OK && *runs < MOST && (*runs < LEAST || seconds() < end); ++*runs) {
        double begin = seconds();
        s = w->once(b, e);
        rates[*runs] = per_run / (seconds() - begin);
    }
    if (s == STATUS_OK) {
        qsort(rates, (size_t)*runs, sizeof *rates, ascending);
        *median = rates[*runs / 2];
    }
    return s;
}

static const char *option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 3; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return fallback;
}

int main(int argc, char **argv)
{
    parallel_wait_briefly(argv);
    blas_choose_core(argv);
    const struct work *work = NULL;
    for (size_t i = 0; argc > 2 && i < sizeof works / sizeof *works; i++)
        if (strcmp(argv[1], works[i].name) == 0)
            work = &works[i];
    if (!work) {
        fprintf(stderr, "usage: %s train|infer|pgd NET [--batch N] [--threads N] [--steps N] [--seconds S] [--kernel K]\n", argv[0]);
        return 2;
    }
    bench b = {.run = run_default()};
    b.run.threads = (int)strtol(option(argc, argv, "--threads", "2"), NULL, 10);
    b.steps = (int)strtol(option(argc, argv, "--steps", "40"), NULL, 10);
    open_options open = {.split = "train", .n = (int)strtol(option(argc, argv, "--batch", "128"), NULL, 10)};
    err e;
    status s = kernel_choice_parse(option(argc, argv, "--kernel", "auto"), &b.run.kernel, &e);
    if (s == STATUS_OK)
        s = dataset_open("fashion-mnist", &open, &b.data, &e);
    if (s == STATUS_OK)
        s = zoo_build(argv[2], b.data.image, b.data.classes, NULL, NULL, &b.net, &e);
    if (s == STATUS_OK)
        s = weights_new(b.net, &b.weights, &e);
    double median = 0;
    int runs = 0;
    if (s == STATUS_OK) {
        weights_init(b.net, &b.weights, 0);
        int per_run = b.data.n * (work->once == pgd_once ? b.steps : 1);
        s = measure(&b, work, per_run, strtod(option(argc, argv, "--seconds", "10"), NULL), &median, &runs, &e);
    }
    if (s != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], e.message);
        return status_exit_code(s);
    }
    printf("{\"peer\": \"audit %s, %s %s\", \"work\": \"%s\", \"net\": \"%s\", \"batch\": %d, \"threads\": %d, "
           "\"median_per_s\": %.1f, \"runs\": %d}\n",
           kernel_choice_name(b.run.kernel), blas_version(), blas_core(), work->name, argv[2], b.data.n, b.run.threads, median, runs);
    return 0; /* the process ends here: its memory goes with it */
}
