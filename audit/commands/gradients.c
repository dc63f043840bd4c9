/* audit gradients --data D --arch A,B,C */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/gradient_norms.h"
#include "audit/report/pictures.h"
#include "audit/show.h"

enum { ARCHS_MOST = 6 };

typedef struct gradients_settings {
    const char *output;
} gradients_settings;

static const option options[] = {{.name = "output",
                                  .letter = 'o',
                                  .kind = OPTION_OUTPUT,
                                  .offset = offsetof(gradients_settings, output),
                                  .metavar = "FILE.svg",
                                  .fallback = "gradients.svg",
                                  .what = "the charts to write"},
                                 {0}};

typedef struct work {
    context *c;
    result *x;
    const dataset *d;
    json *nets; /* of body.extra */
    text_table table;
} work;

/* What looks on at the training of one net. */
typedef struct watching {
    gradient_norms norms;
    train_epoch last;
} watching;

static void note_step(void *user, const train_step_report *t) {
    gradient_norms_step(&((watching *)user)->norms, t);
}

static void note_epoch(void *user, const train_epoch *t) {
    ((watching *)user)->last = *t;
}

static void ratio_row(work *k, const gradient_norms *g, const char *metric, const char *group, step_range r) {
    interval i;
    double ratio = gradient_norms_ratio(g, r, &i);
    result_value(k->x, (row_key){.metric = metric, .group = group, .eps = NAN}, r.to - r.from, ratio, i,
                 "t-log", "a gradient is 0 or not finite");
    text_table_cell(&k->table, "%.3g", ratio);
}

static void record(work *k, const char *arch, const watching *w) {
    const gradient_norms *g = &w->norms;
    char group[96];
    snprintf(group, sizeof group, "arch=%.60s", arch);
    text_table_cell(&k->table, "%s", arch);
    text_table_cell(&k->table, "%d", g->n_layers);
    text_table_cell(&k->table, "%.2g", gradient_norms_mean(g, 0, gradient_norms_start(g)));
    text_table_cell(&k->table, "%.2g", gradient_norms_mean(g, g->n_layers - 1, gradient_norms_start(g)));
    ratio_row(k, g, "gradient_ratio_start", group, gradient_norms_start(g));
    text_table_cell(&k->table, "%.2g", gradient_norms_mean(g, 0, gradient_norms_end(g)));
    text_table_cell(&k->table, "%.2g", gradient_norms_mean(g, g->n_layers - 1, gradient_norms_end(g)));
    ratio_row(k, g, "gradient_ratio", group, gradient_norms_end(g));
    int64_t correct = (int64_t)llround(w->last.accuracy * k->d->n);
    result_share(k->x, (row_key){.metric = "training_accuracy", .group = group, .eps = NAN}, correct,
                 k->d->n);
    cell_percent(&k->table, w->last.accuracy);
    json_append(k->nets, gradient_norms_json(g, arch));
}

/* A net that cannot be trained is a finding, not a failure. */
static status note_failure(work *k, const char *arch, status s, err *e) {
    if (s != STATUS_NOT_EVALUABLE) return s;
    char text[400];
    snprintf(text, sizeof text, "%.60s: %.300s", arch, e->message);
    result_warning(k->x, "TRAINING_FAILED", text, NULL, 0, NULL);
    return STATUS_OK;
}

static status watch_training(work *k, const char *arch, err *e) {
    training_settings settings = k->c->training;
    training t;
    watching w = {.last = {.accuracy = NAN}};
    train_watch watch = {.user = &w, .each_step = note_step, .each_epoch = note_epoch};
    settings.arch = arch;
    status s = training_plan(&settings, k->d, (int)k->c->common.batch, &t, e);
    if (s != STATUS_OK) return s;
    gradient_norms_begin(&w.norms, t.net);
    s = note_failure(k, arch, training_run(&t, k->d, k->c->run.seed, &k->c->run, &watch, e), e);
    if (s == STATUS_OK && w.norms.failed)
        s = err_set(e, STATUS_NO_MEMORY, "no memory for the norms of every step");
    if (s == STATUS_OK && w.norms.n_steps > 0) record(k, arch, &w);
    gradient_norms_free(&w.norms);
    training_free(&t);
    return s;
}

static status watch_all(work *k, err *e) {
    char *list = strdup(training_arch(&k->c->training)), *rest = NULL;
    status s = list ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    int n = 0;
    for (char *arch = list ? strtok_r(list, ",", &rest) : NULL; arch && s == STATUS_OK;
         arch = strtok_r(NULL, ",", &rest))
        s = n++ < ARCHS_MOST ? watch_training(k, arch, e)
                             : err_set(e, STATUS_USAGE, "--arch: at most %d nets", (int)ARCHS_MOST);
    free(list);
    return s;
}

static status finish(work *k, const char *output, err *e) {
    result_setting_text(k->x, "arch", training_arch(&k->c->training));
    result_setting_number(k->x, "epochs", (double)k->c->training.epochs);
    result_setting_number(k->x, "batch", (double)k->c->common.batch);
    result_extra(k->x, "nets", json_share(k->nets));
    text_table_print(&k->table, context_out(k->c));
    say(k->c, "\nNorms are geometric means over the first and last tenth of the steps; ratios are first "
              "layer / last "
              "layer.\n");
    status s = gradients_picture_write(output, json_get(result_json(k->x), "body"), e);
    if (s == STATUS_OK) say(k->c, "wrote %s\n", output);
    return s == STATUS_OK ? context_finish(k->c, k->x, s, e) : s;
}

static status run_gradients(context *c, const void *settings, err *e) {
    const gradients_settings *o = settings;
    dataset d = {0};
    status s = context_open_data(c, "train", 2000, NULL, &d, e);
    if (s != STATUS_OK) return s;
    work k = {.c = c, .d = &d, .x = result_new("gradients", &c->run), .nets = json_new_array()};
    k.table =
        text_table_new("net|>layers|>start: first|>last|>ratio|>end: first|>last|>ratio|>train accuracy");
    result_data(k.x, &d);
    say_subject(c, &d, NULL);
    s = watch_all(&k, e);
    if (s == STATUS_OK) s = finish(&k, o->output, e);
    text_table_free(&k.table);
    json_free(k.nets);
    result_free(k.x);
    dataset_free(&d);
    return s;
}

const command command_gradients = {
    .name = "gradients",
    .arguments = "",
    .what = "how large gradients are at each layer through training: do they vanish?",
    .about =
        "Trains one or several nets (--arch plain20,resnet20,plain20-aux) for a short while and records the "
        "norm "
        "of the gradient at every layer on the longest way through the net, at every step. Where the first "
        "layers "
        "get a gradient far smaller than the last, they learn nothing: the gradient vanishes on its way. "
        "Shortcuts and auxiliary heads give it a shorter one. Without --n, 2,000 images are trained on.",
    .reads_data = true,
    .trains = true,
    .options = options,
    .settings_size = sizeof(gradients_settings),
    .run = run_gradients};
