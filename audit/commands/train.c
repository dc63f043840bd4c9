/* audit train --data D -o model.bin */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "audit/predictions.h"
#include "audit/show.h"
#include "nets/model_file.h"

typedef struct train_settings {
    const char *output, *test_data;
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
    {.name = "save-on-interrupt",
     .kind = OPTION_FLAG,
     .offset = FIELD(save_on_interrupt),
     .what = "on Ctrl-C or the time limit, write the net as it is; else nothing is written"},
    {0}};

/* What the callback of each epoch needs. */
typedef struct epochs {
    context *c;
    json *curve;
} epochs;

static void print_epoch(void *user, const train_epoch *t) {
    epochs *u = user;
    json *point = json_new_object();
    json_set_int(point, "epoch", t->epoch + 1);
    json_set_real(point, "loss", t->loss);
    json_set_real(point, "accuracy", t->accuracy);
    json_set_real(point, "rate", t->rate);
    json_append(u->curve, point);
    say(u->c, "%5d  %7.4f  %12.2f %%\n", t->epoch + 1, t->loss, 100 * t->accuracy);
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

static status report_test(context *c, result *x, training *t, const char *path, const dataset *test, err *e) {
    model *m = NULL;
    predictions p = {0};
    status s = model_of_net(t->net, &t->weights, false, &c->run, &m, e);
    if (s == STATUS_OK) s = sha256_file(path, m->sha256, e);
    if (s == STATUS_OK) result_model(x, m);
    if (s == STATUS_OK && test->n > 0) {
        s = model_accepts(m, test, e);
        if (s == STATUS_OK) s = predictions_make(m, test, &c->run, &p, e);
        if (s != STATUS_OK) err_prefix(e, s, "test data");
    }
    if (s == STATUS_OK && test->n > 0) {
        interval i = wilson(p.counts.correct, p.n, 0.95);
        predictions_record(x, test, &p);
        result_setting_text(x, "test_sha256", test->sha256);
        say(c, "test accuracy %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64 " of %d images\n",
            100.0 * (double)p.counts.correct / p.n, 100 * i.lo, 100 * i.hi, p.counts.correct, p.n);
    }
    predictions_free(&p);
    model_free(m);
    return s;
}

static status interrupted(context *c, const train_settings *o, const training *t, const dataset *d, err *e) {
    if (!o->save_on_interrupt)
        return err_set(e, STATUS_CANCELLED, "interrupted, %s was not written", o->output);
    status s = save(t, &c->training, d, c, o->output, false, e);
    return s == STATUS_OK
               ? err_set(e, STATUS_CANCELLED, "interrupted, %s holds the unfinished net", o->output)
               : s;
}

static status train_and_test(context *c, const train_settings *o, training *t, const dataset *d,
                             const dataset *test, err *e) {
    epochs u = {c, json_new_array()};
    result *x = result_new("train", &c->run);
    char images[32], parameters[32];
    say(c, "%s %s, %s images; %s, %s parameters\n\nepoch     loss  train accuracy\n", d->name, d->split,
        show_count(d->n, images), t->net->arch, show_count((int64_t)t->net->n_trainable, parameters));
    train_watch watch = {.user = &u, .each_epoch = print_epoch};
    status s = training_run(t, d, c->run.seed, &c->run, &watch, e);
    if (s == STATUS_CANCELLED)
        s = interrupted(c, o, t, d, e);
    else if (s == STATUS_OK)
        s = save(t, &c->training, d, c, o->output, true, e);
    result_data(x, d);
    result_setting_json(x, "recipe", training_recipe(t, &c->training, d, c->run.seed));
    result_extra(x, "epochs", u.curve);
    if (s == STATUS_OK) s = report_test(c, x, t, o->output, test, e);
    if (s == STATUS_OK) say(c, "wrote %s\n", o->output);
    if (s == STATUS_OK) s = context_finish(c, x, s, e);
    result_free(x);
    return s;
}

static status run_train(context *c, const void *settings, err *e) {
    const train_settings *o = settings;
    dataset d = {0}, test = {0};
    training t = {0};
    status s = context_open_data(c, "train", 0, NULL, &d, e);
    if (s == STATUS_OK) s = context_open_test(c, o->test_data, NULL, 0, &d, &test, e);
    if (s == STATUS_OK) s = training_plan(&c->training, &d, (int)c->common.batch, &t, e);
    if (s == STATUS_OK) s = train_and_test(c, o, &t, &d, &test, e);
    training_free(&t);
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
