/* audit ablate --data D --tricks LIST */
#include <string.h>

#include "audit/ablation.h"
#include "audit/report/pictures.h"
#include "audit/show.h"
#include "audit/trick.h"

typedef struct ablate_settings {
    const char *tricks, *test_data, *plot;
    bool add;
    int64_t seeds, train_n;
} ablate_settings;

#define FIELD(name) offsetof(ablate_settings, name)

static const option options[] = {{.name = "tricks",
                                  .letter = 't',
                                  .kind = OPTION_TEXT,
                                  .offset = FIELD(tricks),
                                  .metavar = "LIST",
                                  .what = "options of training and steps of --augment, such as "
                                          "flip,label-smoothing,schedule=constant; each is "
                                          "taken out of the recipe by itself; NAME=VALUE is put in instead"},
                                 {.name = "add",
                                  .kind = OPTION_FLAG,
                                  .offset = FIELD(add),
                                  .what = "put each trick into the recipe instead of taking it out"},
                                 {.name = "seeds",
                                  .kind = OPTION_INTEGER,
                                  .offset = FIELD(seeds),
                                  .metavar = "N",
                                  .fallback = "5",
                                  .lo = 1,
                                  .hi = ABLATION_SEEDS_MOST,
                                  .what = "nets per recipe"},
                                 {.name = "train-n",
                                  .kind = OPTION_INTEGER,
                                  .offset = FIELD(train_n),
                                  .metavar = "N",
                                  .fallback = "5000",
                                  .hi = 100000000,
                                  .what = "training images, chosen by the seed; 0 = all"},
                                 {.name = "test-data",
                                  .kind = OPTION_TEXT,
                                  .offset = FIELD(test_data),
                                  .metavar = "DATA",
                                  .what = "images to test on (default: the test part of --data)"},
                                 {.name = "plot",
                                  .kind = OPTION_OUTPUT,
                                  .offset = FIELD(plot),
                                  .metavar = "FILE.svg",
                                  .what = "draw the effects with their intervals"},
                                 {0}};

static status add_variant(ablation_plan *p, const char *text, bool add, arena *memory, err *e) {
    if (p->n_variants == ABLATION_VARIANTS_MOST)
        return err_set(e, STATUS_USAGE, "--tricks: more than %d", ABLATION_VARIANTS_MOST - 1);
    for (int i = 1; i < p->n_variants; i++)
        if (strcmp(p->variants[i].name, text) == 0)
            return err_set(e, STATUS_USAGE, "--tricks: %s twice", text);
    ablation_variant *v = &p->variants[p->n_variants++];
    v->name = text;
    status s = trick_apply(&p->variants[0].settings, text, add, memory, &v->settings, &v->added, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "--tricks");
}

static status parse_tricks(const char *list, bool add, ablation_plan *p, arena *memory, err *e) {
    if (!list) return err_set(e, STATUS_USAGE, "--tricks is missing: which ones?");
    status s = STATUS_OK;
    for (const char *at = list; s == STATUS_OK && at;) {
        size_t length = strcspn(at, ",");
        const char *text = arena_strndup(memory, at, length);
        if (length == 0) return err_set(e, STATUS_USAGE, "--tricks: an empty name in \"%s\"", list);
        s = text ? add_variant(p, text, add, memory, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
        at = at[length] ? at + length + 1 : NULL;
    }
    return s;
}

/* Recipes that cannot be trained are told before the work. */
static status check_plans(const ablation_plan *p, err *e) {
    status s = STATUS_OK;
    for (int v = 0; s == STATUS_OK && v < p->n_variants; v++) {
        training t;
        s = training_plan(&p->variants[v].settings, p->train, p->batch, &t, e);
        if (s == STATUS_OK)
            training_free(&t);
        else if (v > 0)
            err_prefix(e, s, "--tricks: %s", p->variants[v].name);
    }
    return s;
}

static void tell_budget(const context *c, const ablation_plan *p) {
    char images[32], tests[32];
    int nets = p->n_seeds * p->n_variants, side = c->run.threads < nets ? c->run.threads : nets;
    say(c,
        "%s on %s images of %s, %s test images\n%d recipes x %d seed%s = %d trainings of %lld epoch%s, %d at "
        "a time\n",
        training_arch(&c->training), show_count(p->train->n, images), p->train->name,
        show_count(p->test->n, tests), p->n_variants, p->n_seeds, p->n_seeds == 1 ? "" : "s", nets,
        (long long)c->training.epochs, c->training.epochs == 1 ? "" : "s", side);
}

typedef struct estimate {
    const context *c;
    int nets;
} estimate;

static void tell_estimate(void *user, double seconds) {
    const estimate *u = user;
    int rounds = (u->nets + u->c->run.threads - 1) / u->c->run.threads;
    double all = seconds * rounds;
    if (all >= 10)
        say(u->c,
            all < 180 ? "the first took %.0f s: about %.0f s in all\n"
                      : "the first took %.0f s: about %.0f min in all\n",
            seconds, all < 180 ? all : all / 60);
}

static void record_settings(result *x, const context *c, const ablation_plan *p, const ablate_settings *o) {
    training t;
    result_data(x, p->train);
    result_setting_text(x, "tricks", o->tricks);
    result_setting_text(x, "mode", o->add ? "add" : "leave-one-out");
    result_setting_number(x, "seeds", p->n_seeds);
    if (training_plan(&c->training, p->train, p->batch, &t, NULL) == STATUS_OK) {
        result_setting_json(x, "recipe", training_recipe(&t, &c->training, p->train, c->run.seed));
        training_free(&t);
    }
    result_setting_number(x, "test_n", p->test->n);
    result_setting_text(x, "test_sha256", p->test->sha256);
}

static status report(context *c, const ablate_settings *o, const ablation_plan *p, const ablation *found,
                     status ran, err *e) {
    result *x = result_new("ablate", &c->run);
    record_settings(x, c, p, o);
    ablation_record(x, p, found);
    ablation_print(c, p, found);
    status s = o->plot ? ablation_picture_write(o->plot, json_get(result_json(x), "body"), e) : STATUS_OK;
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status experiment(context *c, const ablate_settings *o, const ablation_plan *p, err *e) {
    ablation found;
    estimate u = {c, p->n_seeds * p->n_variants};
    ablation_watch watch = {&u, tell_estimate};
    status s = check_plans(p, e);
    if (s != STATUS_OK) return s;
    tell_budget(c, p);
    s = ablation_run(p, &c->run, &watch, &found, e);
    if (found.n_seeds > 0) s = report(c, o, p, &found, s, e);
    ablation_free(&found);
    return s;
}

static status run_ablate(context *c, const void *settings, err *e) {
    const ablate_settings *o = settings;
    dataset train_part = {0}, test = {0};
    arena memory = {0};
    ablation_plan p = {.n_variants = 1,
                       .variants = {{"base", c->training, false}},
                       .n_seeds = (int)o->seeds,
                       .batch = (int)c->common.batch,
                       .train = &train_part,
                       .test = &test};
    status s = parse_tricks(o->tricks, o->add, &p, &memory, e);
    if (s == STATUS_OK) s = context_open_both(c, o->train_n, o->test_data, NULL, &train_part, &test, e);
    if (s == STATUS_OK) s = experiment(c, o, &p, e);
    dataset_free(&test);
    dataset_free(&train_part);
    arena_free(&memory);
    return s;
}

const command command_ablate = {
    .name = "ablate",
    .arguments = "",
    .what = "which tricks of training matter: with and without each, over seeds",
    .about = "Trains nets by a recipe - the options of training - and by the recipe without each "
             "named trick (with --add: and by the recipe with it), for several seeds. Nets of a "
             "seed see the images in the same order, so that their difference is the trick's. "
             "Prints the mean difference in test accuracy with its interval: what a trick is "
             "worth here, or that it cannot be told.",
    .reads_data = true,
    .trains = true,
    .options = options,
    .settings_size = sizeof(ablate_settings),
    .run = run_ablate};
