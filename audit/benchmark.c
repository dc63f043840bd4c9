#include "audit/benchmark.h"

#include <stdlib.h>

#include "attacks/runner.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rng.h"
#include "core/stats.h"
#include "nets/predict.h"
#include "nets/train.h"

enum { RUNS_MOST = 4096, RUNS_LEAST = 5, RUNS_WARM = 2 };

const char *benchmark_name(benchmark_work w) {
    static const char *const names[] = {
#define NAME(code, name, unit) name,
        BENCHMARK_LIST(NAME)
#undef NAME
    };
    return (unsigned)w < BENCHMARK_WORKS ? names[w] : "unknown";
}

const char *benchmark_unit(benchmark_work w) {
    static const char *const units[] = {
#define UNIT(code, name, unit) unit,
        BENCHMARK_LIST(UNIT)
#undef UNIT
    };
    return (unsigned)w < BENCHMARK_WORKS ? units[w] : "";
}

typedef struct bench {
    const run *run;
    const net *net;
    weights *weights;
    const dataset *data;
    int steps;
    model *model;
    float *x, *targets, *loss_weights, *logits, *grad;
    objective goal;
    optim optim;
} bench;

static status prepare_model(bench *b, err *e) {
    b->logits = calloc((size_t)b->data->n * (size_t)b->net->classes, sizeof *b->logits);
    if (!b->logits) return err_set(e, STATUS_NO_MEMORY, "no memory for a benchmark");
    return model_of_net(b->net, b->weights, true, b->run, &b->model, e);
}

static status run_inference(bench *b, err *e) {
    return predict_logits(b->model, b->data, b->run, "infer", b->logits, e);
}

static status run_pgd(bench *b, err *e) {
    const double eps = .05;
    attack_plan plan = {.method = attack_find("pgd"),
                        .options = {.steps = b->steps, .restarts = 1, .random_start = true},
                        .norm = NORM_LINF,
                        .eps = &eps,
                        .n_eps = 1,
                        .no_drop = true,
                        .batch = b->data->n};
    attack_result found;
    status s = attack_run(b->model, b->data, &plan, b->run, &found, e);
    attack_result_free(&found);
    return s;
}

static status prepare_training(bench *b, err *e) {
    const dataset *d = b->data;
    size_t n = (size_t)d->n, classes = (size_t)b->net->classes, size = shape_size(d->image);
    b->x = alloc_aligned(n * size * sizeof *b->x);
    b->targets = calloc(n * classes, sizeof *b->targets);
    b->loss_weights = calloc(n, sizeof *b->loss_weights);
    b->grad = alloc_aligned(b->net->n_trainable * sizeof *b->grad);
    if (!b->x || !b->targets || !b->loss_weights || !b->grad)
        return err_set(e, STATUS_NO_MEMORY, "no memory for a benchmark");
    for (int i = 0; i < d->n; i++) {
        dataset_image(d, i, b->x + (size_t)i * size);
        b->targets[(size_t)i * classes + (size_t)d->labels[i]] = 1;
        b->loss_weights[i] = 1;
    }
    status s = optim_new(OPTIM_NESTEROV, b->net, &b->optim, e);
    return s == STATUS_OK ? objective_plain(b->net, b->weights, d->n, b->run, &b->goal, e) : s;
}

static status run_training(bench *b, err *e) {
    batch it = {.n = b->data->n,
                .x = b->x,
                .targets = b->targets,
                .labels = b->data->labels,
                .loss_weights = b->loss_weights,
                .ids = b->data->ids,
                .update_statistics = true};
    batch_result found;
    status s = b->goal.accumulate(b->goal.self, &it, b->weights, b->grad, &found, e);
    return s == STATUS_OK ? optim_step(&b->optim, b->net, b->weights, b->grad, .01, .9, b->run) : s;
}

static const struct {
    status (*prepare)(bench *b, err *e);
    status (*once)(bench *b, err *e);
} works[BENCHMARK_WORKS] = {[BENCHMARK_INFER] = {prepare_model, run_inference},
                            [BENCHMARK_PGD] = {prepare_model, run_pgd},
                            [BENCHMARK_TRAIN] = {prepare_training, run_training}};

static void bench_free(bench *b) {
    if (b->goal.free) b->goal.free(b->goal.self);
    optim_free(&b->optim);
    model_free(b->model);
    free(b->x);
    free(b->targets);
    free(b->loss_weights);
    free(b->logits);
    free(b->grad);
}

static status measure(bench *b, benchmark_work what, double seconds, double *rates, benchmark_rate *out,
                      err *e) {
    double units = (double)b->data->n * (what == BENCHMARK_PGD ? b->steps : 1);
    status s = works[what].prepare(b, e);
    for (int i = 0; s == STATUS_OK && i < RUNS_WARM; i++)
        s = works[what].once(b, e);
    double end = clock_seconds() + seconds;
    int runs = 0;
    for (; s == STATUS_OK && runs < RUNS_MOST && (runs < RUNS_LEAST || clock_seconds() < end); runs++) {
        double began = clock_seconds();
        s = works[what].once(b, e);
        rates[runs] = units / (clock_seconds() - began);
    }
    if (s != STATUS_OK) return s;
    sort_doubles(rates, runs);
    *out = (benchmark_rate){rates[runs / 2], runs};
    return STATUS_OK;
}

status benchmark_run(benchmark_work what, const net *n, weights *w, const dataset *d, int steps,
                     double seconds, const run *r, benchmark_rate *out, err *e) {
    run quiet = *r;
    quiet.progress = NULL;
    bench b = {.run = &quiet, .net = n, .weights = w, .data = d, .steps = steps};
    double *rates = calloc(RUNS_MOST, sizeof *rates);
    status s = rates ? measure(&b, what, seconds, rates, out, e)
                     : err_set(e, STATUS_NO_MEMORY, "no memory for a benchmark");
    bench_free(&b);
    free(rates);
    return s;
}

status benchmark_noise(const net *n, int images, dataset *out, err *e) {
    *out = (dataset){.name = "noise", .split = "all", .n = images, .classes = n->classes, .image = n->input};
    size_t size = shape_size(n->input);
    float *values = arena_array(&out->memory, (size_t)images * size, sizeof *values);
    int32_t *labels = arena_array(&out->memory, (size_t)images, sizeof *labels);
    status s = values && labels ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for %d images", images);
    rng r = rng_stream(0, "benchmark", 0, 0, 0, 0);
    for (size_t i = 0; s == STATUS_OK && i < (size_t)images * size; i++)
        values[i] = rng_uniform(&r);
    for (int i = 0; s == STATUS_OK && i < images; i++)
        labels[i] = i % n->classes;
    out->values = values;
    out->labels = labels;
    if (s == STATUS_OK) s = dataset_finish(out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}
