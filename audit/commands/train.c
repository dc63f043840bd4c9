/* audit train --data D -o model.bin */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "audit/predictions.h"
#include "audit/report/pictures.h"
#include "audit/robust_test.h"
#include "audit/show.h"
#include "audit/training_log.h"
#include "datasets/open.h"
#include "nets/model_file.h"

typedef struct train_settings {
    const char *output, *test_data, *validation_data, *log, *curves, *checkpoint, *resume;
    int64_t checkpoint_every;
    bool save_on_interrupt;
} train_settings;

#define FIELD(name) offsetof(train_settings, name)

static const option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = FIELD(output),
     .metavar = "FILE",
     .fallback = "model.bin",
     .what = "the model file to write"},
    {.name = "test-data",
     .kind = OPTION_TEXT,
     .offset = FIELD(test_data),
     .metavar = "DATA",
     .what = "images to test the trained net on (default: the test part of --data where there is one)"},
    {.name = "validation-data",
     .kind = OPTION_TEXT,
     .offset = FIELD(validation_data),
     .metavar = "DATA",
     .what = "images to judge the net on after each epoch, instead of a share held out with --validation"},
    {.name = "checkpoint",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(checkpoint),
     .metavar = "FILE",
     .what = "keep the state of training here, rewritten after every epoch, to go on from with --resume; "
             "with {epoch} in the name, one file for each"},
    {.name = "checkpoint-every",
     .kind = OPTION_INTEGER,
     .offset = FIELD(checkpoint_every),
     .metavar = "STEPS",
     .hi = 1000000000,
     .what = "rewrite the checkpoint after so many steps, too"},
    {.name = "resume",
     .kind = OPTION_FILE,
     .offset = FIELD(resume),
     .metavar = "FILE",
     .what = "go on from this checkpoint, as if training had never stopped: the same bytes come out"},
    {.name = "log",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(log),
     .metavar = "FILE.jsonl",
     .what =
         "write loss, accuracy and rate of every step and epoch while they happen, one JSON object a line"},
    {.name = "curves",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(curves),
     .metavar = "FILE.svg",
     .what = "draw loss, accuracy and rate over the epochs"},
    {.name = "save-on-interrupt",
     .kind = OPTION_FLAG,
     .offset = FIELD(save_on_interrupt),
     .what = "on Ctrl-C or the time limit, write the net as it is; else nothing is written"},
    {0}};

/* What the callbacks of training need. */
typedef struct watching {
    context *c;
    training_log log;
    const char *measures; /* what the accuracy of changed images is called */
    bool headed;          /* the table of epochs has its heading */
    char ended[400];      /* why the objective ended training early, or "" */
} watching;

/* The callbacks of the context's run, which have another user. */
static void show_progress(void *user, const char *stage, uint64_t done, uint64_t total, const char *note) {
    const run *r = &((watching *)user)->c->run;
    if (r->progress) r->progress(r->user, stage, done, total, note);
}

static void note_line(void *user, const char *line) {
    watching *u = user;
    snprintf(u->ended, sizeof u->ended, "%s", line);
}

static void note_step(void *user, const train_step_report *t) {
    watching *u = user;
    training_log_step(&u->log, t);
}

static void note_epoch(void *user, const train_epoch *t) {
    watching *u = user;
    training_log_epoch(&u->log, t);
    if (!u->headed)
        say(u->c, "epoch     loss  train accuracy%s%s%s\n", t->perturbed ? "  " : "",
            t->perturbed ? u->measures : "", t->validated ? "  validation accuracy" : "");
    u->headed = true;
    say(u->c, "%5d  %7.4f  %12.2f %%", t->epoch + 1, t->loss,
        100 * (t->perturbed ? t->clean_accuracy : t->accuracy));
    if (t->perturbed) say(u->c, "  %*.2f %%", (int)strlen(u->measures) - 2, 100 * t->accuracy);
    if (t->validated) say(u->c, "  %17.2f %%", 100 * t->validation_accuracy);
    say(u->c, "\n");
}

static status save(const training *t, const training_settings *settings, const dataset *d, const context *c,
                   const char *path, bool finished, err *e) {
    json *recipe = training_recipe(t, settings, d, c->run.seed);
    if (!recipe || !json_set_bool(recipe, "finished", finished)) {
        json_free(recipe);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    status s = model_file_write(path, t->net, &t->weights, d->class_names, recipe, e);
    json_free(recipe);
    return s;
}

/* Methods without a ball, such as noise, are tested in the usual one. */
static double tested_eps(const training *t) {
    if (t->robust_options.eps > 0) return t->robust_options.eps;
    return robust_fill(robust_find("pgd"), (robust_options){0}, t->net->input).eps;
}

/* On changed images in the last epoch. NAN where they were not changed against the net. */
static double trained_accuracy(result *x, const training *t) {
    const json *epochs = json_get(json_get(json_get(result_json(x), "body"), "extra"), "epochs");
    const json *accuracy = json_get(json_at(epochs, json_count(epochs) - 1), "accuracy");
    return t->robust_options.eps > 0 ? json_as_real(accuracy, NAN) : NAN;
}

static status report_test(context *c, result *x, training *t, const char *path, const dataset *test, err *e) {
    model *m = NULL;
    predictions p = {0};
    status s = model_of_net(t->net, &t->weights, t->robust != NULL, &c->run, &m, e);
    if (s == STATUS_OK) s = sha256_file(path, m->sha256, e);
    if (s == STATUS_OK) result_model(x, m);
    if (s == STATUS_OK && test->n > 0) {
        s = model_accepts(m, test, e);
        if (s == STATUS_OK) s = predictions_make(m, test, &c->run, &p, e);
        if (s == STATUS_CANCELLED)
            err_set(e, s, "%s was written, its test was interrupted", path);
        else if (s != STATUS_OK)
            err_prefix(e, s, "test data");
    }
    if (s == STATUS_OK && test->n > 0) {
        interval i = wilson(p.counts.correct, p.n, 0.95);
        predictions_record(x, test, &p);
        result_setting_text(x, "test_sha256", test->sha256);
        say(c, "test accuracy %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64 " of %d images\n",
            100.0 * (double)p.counts.correct / p.n, 100 * i.lo, 100 * i.hi, p.counts.correct, p.n);
    }
    certify_subject subject = {t->net, &t->weights, m};
    if (s == STATUS_OK && t->robust && test->n > 0)
        s = robust_test(c, x, &subject, test, tested_eps(t), trained_accuracy(x, t), t->robust->certificate,
                        e);
    predictions_free(&p);
    model_free(m);
    return s;
}

static status interrupted(context *c, const train_settings *o, const training *t, const dataset *d, err *e) {
    char again[512] = "";
    if (o->checkpoint)
        snprintf(again, sizeof again, "; the same command with --resume %s%.400s goes on",
                 strstr(o->checkpoint, "{epoch}") ? "and the last " : "", o->checkpoint);
    if (!o->save_on_interrupt)
        return err_set(e, STATUS_CANCELLED, "interrupted, %s was not written%s", o->output, again);
    status s = save(t, &c->training, d, c, o->output, false, e);
    if (s != STATUS_OK) return s;
    return err_set(e, STATUS_CANCELLED, "interrupted, %s holds the unfinished net%s", o->output, again);
}

/* Trains, and writes the model. */
static status train_and_save(context *c, const train_settings *o, training *t, const dataset *d, result *x,
                             err *e) {
    watching u = {.c = c, .measures = t->robust ? t->robust->measures : ""};
    status s = training_log_open(&u.log, o->log, o->resume != NULL, e);
    if (s != STATUS_OK) return s;
    train_watch watch = {.user = &u, .each_step = note_step, .each_epoch = note_epoch};
    run watched = c->run;
    watched.progress = show_progress;
    watched.log = note_line;
    watched.user = &u;
    s = training_run(t, d, c->run.seed, &watched, &watch, e);
    if (*u.ended) result_warning(x, "ROBUST_OVERFITTING", u.ended, NULL, 0, "audit train --robust pgd");
    result_extra(x, "epochs", json_share(u.log.epochs));
    result_extra(x, "steps", training_log_curve(&u.log));
    err lost;
    status closed = training_log_close(&u.log, &lost);
    if (s == STATUS_CANCELLED) return interrupted(c, o, t, d, e);
    if (s == STATUS_OK) s = save(t, &c->training, d, c, o->output, true, e);
    if (s == STATUS_OK && closed != STATUS_OK)
        s = err_set(e, closed, "%s; %s was written", lost.message, o->output);
    return s;
}

/* What was seen of a training that was cut short is written where its net is. */
static status finish(context *c, const train_settings *o, result *x, status ran, err *e) {
    err lost;
    status s =
        o->curves ? training_picture_write(o->curves, json_get(result_json(x), "body"), &lost) : STATUS_OK;
    if (s == STATUS_OK) return context_finish(c, x, ran, e);
    return err_set(e, s, "%s", lost.message);
}

static status train_and_test(context *c, const train_settings *o, training *t, const dataset *d,
                             const dataset *test, err *e) {
    result *x = result_new("train", &c->run);
    char images[32], parameters[32];
    say(c, "%s %s, %s images; %s, %s parameters\n\n", d->name, d->split, show_count(d->n, images),
        t->net->arch, show_count((int64_t)t->net->n_trainable, parameters));
    result_data(x, d);
    result_setting_json(x, "recipe", training_recipe(t, &c->training, d, c->run.seed));
    status s = train_and_save(c, o, t, d, x, e);
    if (s == STATUS_OK) s = report_test(c, x, t, o->output, test, e);
    if (s == STATUS_OK) say(c, "wrote %s\n", o->output);
    if (s == STATUS_OK || (s == STATUS_CANCELLED && o->save_on_interrupt)) s = finish(c, o, x, s, e);
    result_free(x);
    return s;
}

static status open_validation(const context *c, const train_settings *o, const dataset *d, dataset *out,
                              err *e) {
    if (!o->validation_data) return STATUS_OK;
    open_options as = {.split = "val",
                       .seed = c->run.seed,
                       .height = d->image.h,
                       .width = d->image.w,
                       .channels = d->image.c};
    status s = dataset_open(o->validation_data, &as, out, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "--validation-data");
}

static void plan_return(const train_settings *o, const dataset *validation, train_options *t) {
    if (validation->n > 0) t->validation = validation;
    t->checkpoint = o->checkpoint;
    t->checkpoint_every = (int)o->checkpoint_every;
    t->resume = o->resume;
}

static status run_train(context *c, const void *settings, err *e) {
    const train_settings *o = settings;
    dataset d = {0}, test = {0}, validation = {0};
    training t = {0};
    if (o->checkpoint_every && !o->checkpoint)
        return err_set(e, STATUS_USAGE, "--checkpoint-every needs --checkpoint: which file?");
    c->training.validated = o->validation_data != NULL;
    status s = context_open_data(c, "train", 0, NULL, &d, e);
    if (s == STATUS_OK) s = context_open_test(c, o->test_data, NULL, (image_choice){0}, &d, &test, e);
    if (s == STATUS_OK) s = open_validation(c, o, &d, &validation, e);
    if (s == STATUS_OK) s = training_plan(&c->training, &d, (int)c->common.batch, &t, e);
    if (s == STATUS_OK) {
        plan_return(o, &validation, &t.options);
        s = train_and_test(c, o, &t, &d, &test, e);
    }
    training_free(&t);
    dataset_free(&validation);
    dataset_free(&test);
    dataset_free(&d);
    return s;
}

const command command_train = {.name = "train",
                               .arguments = "",
                               .what = "train a net and write it as a model file",
                               .about =
                                   "Trains a net and writes it with its recipe: weights as in a PyTorch "
                                   "state_dict (safetensors), the graph, class "
                                   "names, seed and the hash of the data. The same command gives the same "
                                   "bytes, whatever the number of threads. Then "
                                   "it is tested on images that it was not trained on, where there are some.",
                               .reads_data = true,
                               .trains = true,
                               .options = options,
                               .settings_size = sizeof(train_settings),
                               .run = run_train};
