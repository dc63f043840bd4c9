/* audit bench [MODEL] */
#include "audit/benchmark.h"
#include "audit/command.h"
#include "audit/report/pictures.h"
#include "audit/show.h"
#include "core/text.h"
#include "nets/model_file.h"
#include "nets/profile.h"
#include "nets/zoo.h"

typedef struct bench_settings {
    const char *arch, *image, *output;
    double seconds;
    int64_t steps;
} bench_settings;

#define FIELD(name) offsetof(bench_settings, name)

static const option options[] = {
    {.name = "arch",
     .letter = 'a',
     .kind = OPTION_TEXT,
     .offset = FIELD(arch),
     .metavar = "NAME",
     .fallback = "resnet20",
     .what = "the net, where no MODEL is named: one that `audit train` knows"},
    {.name = "image",
     .kind = OPTION_TEXT,
     .offset = FIELD(image),
     .metavar = "HxWxC",
     .fallback = "28x28x1",
     .what = "its images"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = FIELD(output),
     .metavar = "FILE.svg",
     .what = "draw the roofline: speed of each layer over its operations per byte"},
    {.name = "seconds",
     .kind = OPTION_NUMBER,
     .offset = FIELD(seconds),
     .metavar = "S",
     .fallback = "2",
     .lo = 0.01,
     .hi = 3600,
     .what = "time for each measurement"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .fallback = "10",
     .lo = 1,
     .hi = 100000,
     .what = "steps of PGD in a run"},
    {0}};

/* The net that is measured, from a file or the zoo. */
static status open_net(const context *c, const bench_settings *o, model_file *out, err *e) {
    int sides[3];
    if (c->n_arguments > 0) return context_read_model(c, c->arguments[0], out, e);
    *out = (model_file){0};
    if (!text_integers(o->image, "xx", 1, 4096, sides) || sides[2] > 4)
        return err_set(e, STATUS_USAGE, "--image: \"%.32s\", expected HxWxC such as 28x28x1", o->image);
    net *n;
    status made = zoo_build(o->arch, (shape){sides[0], sides[1], sides[2]}, 10, NULL, NULL, &n, e);
    if (made != STATUS_OK) return made;
    out->net = n;
    made = weights_new(n, &out->weights, e);
    if (made == STATUS_OK) weights_init(n, &out->weights, c->run.seed);
    return made;
}

static void set(json *object, bool ok, json *array) {
    if (ok && object)
        (void)json_append(array, object);
    else
        json_free(object);
}

static json *machine_json(const machine_speed *m) {
    json *j = json_new_object();
    bool ok = json_set_real(j, "gflops", m->one) && json_set_real(j, "gflops_all", m->all) &&
              json_set_real(j, "bandwidth", m->bandwidth);
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* Multiply-adds of a unit of work, as multiples of a forward pass. */
static double passes_of(benchmark_work w) {
    return w == BENCHMARK_INFER ? 1 : w == BENCHMARK_PGD ? 2 : 3;
}

static status measure_rates(context *c, const bench_settings *o, model_file *m, const machine_speed *machine,
                            json *rates, err *e) {
    dataset d;
    text_table t = text_table_new("work|>per second|unit|>GFLOP/s|>of peak");
    status s = benchmark_noise(m->net, (int)c->common.batch, &d, e);
    if (s != STATUS_OK) return s;
    for (int w = 0; s == STATUS_OK && w < BENCHMARK_WORKS; w++) {
        benchmark_rate rate;
        s = benchmark_run((benchmark_work)w, m->net, &m->weights, &d, (int)o->steps, o->seconds, &c->run,
                          &rate, e);
        if (s != STATUS_OK) break;
        double gflops = 2e-9 * (double)net_flops(m->net) * passes_of((benchmark_work)w) * rate.median;
        text_table_cell(&t, "%s", benchmark_name((benchmark_work)w));
        text_table_cell(&t, "%.0f", rate.median);
        text_table_cell(&t, "%s", benchmark_unit((benchmark_work)w));
        text_table_cell(&t, "%.0f", gflops);
        text_table_cell(&t, "%.0f %%", 100 * gflops / machine->all);
        json *j = json_new_object();
        set(j,
            json_set_string(j, "work", benchmark_name((benchmark_work)w)) &&
                json_set_string(j, "unit", benchmark_unit((benchmark_work)w)) &&
                json_set_real(j, "median", rate.median) && json_set_int(j, "runs", rate.runs) &&
                json_set_real(j, "gflops", gflops),
            rates);
    }
    if (s == STATUS_OK) text_table_print(&t, context_out(c));
    text_table_free(&t);
    dataset_free(&d);
    return s;
}

static void put_row(text_table *t, const net *n, const profile *p, const profile_row *row,
                    const machine_speed *machine) {
    double gflops = 1e-9 * row->flops / row->seconds;
    text_table_cell(t, "%s", row->part == PROFILE_REST ? "" : n->nodes[row->node].name);
    text_table_cell(t, "%s", profile_part_name(row->part));
    text_table_cell(t, "%s", row->kernel ? row->kernel : "");
    text_table_cell(t, "%.1f %%", 100 * row->seconds / p->seconds);
    if (row->flops > 0) {
        text_table_cell(t, "%.0f", gflops);
        text_table_cell(t, "%.0f %%", 100 * gflops / machine->one);
    } else {
        text_table_cell(t, "%s", "");
        text_table_cell(t, "%s", "");
    }
}

static json *row_json(const net *n, const char *work, const profile *p, const profile_row *row) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "work", work) && json_set_string(j, "node", n->nodes[row->node].name) &&
              json_set_string(j, "part", profile_part_name(row->part)) &&
              json_set_real(j, "seconds", row->seconds) &&
              json_set_real(j, "share", row->seconds / p->seconds);
    if (ok && row->kernel) ok = json_set_string(j, "kernel", row->kernel);
    if (ok && row->flops > 0)
        ok = json_set_real(j, "gflops", 1e-9 * row->flops / row->seconds) &&
             json_set_real(j, "intensity", row->flops / row->bytes);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static void show_profile(const context *c, const net *n, const char *work, const profile *p,
                         const machine_speed *machine, json *layers) {
    text_table t = text_table_new("layer|part|kernel|>share of time|>GFLOP/s|>of peak");
    for (int i = 0; i < p->n; i++) {
        json *j = row_json(n, work, p, &p->rows[i]);
        put_row(&t, n, p, &p->rows[i], machine);
        set(j, j != NULL, layers);
    }
    say(c, "\n%s, one thread: %.0f images/s\n", work, 1 / p->seconds);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

static status measure_layers(context *c, const bench_settings *o, model_file *m, const machine_speed *machine,
                             json *layers, err *e) {
    profile p;
    status s = profile_attack(m->net, &m->weights, &c->run, o->seconds, &p, e);
    if (s == STATUS_OK) show_profile(c, m->net, "attack", &p, machine, layers);
    profile_free(&p);
    if (s != STATUS_OK) return s;
    s = profile_train(m->net, &m->weights, (int)c->common.batch, &c->run, o->seconds, &p, e);
    if (s == STATUS_OK) show_profile(c, m->net, "train", &p, machine, layers);
    profile_free(&p);
    return s;
}

static status measure(context *c, const bench_settings *o, model_file *m, json *measured, err *e) {
    machine_speed machine;
    json *rates = json_new_array(), *layers = json_new_array();
    bool kept = json_set(measured, "throughput", rates);
    kept = json_set(measured, "layers", layers) && kept;
    if (!kept) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = benchmark_machine(&c->run, o->seconds / 2, &machine, e);
    if (s != STATUS_OK) return s;
    if (!json_set(measured, "machine", machine_json(&machine)))
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    say(c,
        "%s, %d x %d x %d: %.1f million multiply-adds an image; batch %d, %d thread%s\n"
        "peak: %.0f GFLOP/s on one thread, %.0f on all (matrix products); memory %.1f GB/s\n\n",
        m->net->arch, m->net->input.h, m->net->input.w, m->net->input.c, 1e-6 * (double)net_flops(m->net),
        (int)c->common.batch, c->run.threads, c->run.threads == 1 ? "" : "s", machine.one, machine.all,
        machine.bandwidth);
    s = measure_rates(c, o, m, &machine, rates, e);
    if (s == STATUS_OK) s = measure_layers(c, o, m, &machine, layers, e);
    if (s == STATUS_OK)
        say(c, "\nOperations are counted by the definition of a layer. Winograd needs fewer: it may exceed "
               "the peak.\n");
    return s;
}

static status run_bench(context *c, const void *settings, err *e) {
    const bench_settings *o = settings;
    model_file m = {0};
    result *x = NULL;
    json *measured = json_new_object();
    status s = open_net(c, o, &m, e);
    if (s == STATUS_OK) s = measure(c, o, &m, measured, e);
    if (s == STATUS_OK) {
        x = result_new("bench", &c->run);
        result_setting_text(x, "arch", m.net->arch);
        if (o->output) s = bench_picture_write(o->output, measured, e);
        result_measured(x, json_share(measured));
        if (s == STATUS_OK && o->output) say(c, "wrote %s\n", o->output);
        if (s == STATUS_OK) s = context_finish(c, x, s, e);
    }
    result_free(x);
    json_free(measured);
    model_file_free(&m);
    return s;
}

const command command_bench = {
    .name = "bench",
    .arguments = "[MODEL]",
    .most = 1,
    .what = "how fast this machine is, and where a net spends its time",
    .about = "Measures the machine (matrix products, memory), then inference, attack and training of a "
             "net on images of noise, and each layer's share of the time and of the peak. Nothing is "
             "learned and nothing is kept. On a busy machine the figures say little.",
    .reads_onnx = true,
    .options = options,
    .settings_size = sizeof(bench_settings),
    .run = run_bench};
