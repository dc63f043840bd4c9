/* audit universal MODEL --data D */
#include <string.h>

#include "audit/class_choice.h"
#include "audit/evasion.h"
#include "audit/learning_data.h"
#include "audit/show.h"
#include "audit/universal.h"

typedef struct universal_settings {
    int norm;
    number_list eps;
    double step_size, cap;
    const char *target, *sheet;
    learning_settings learning;
} universal_settings;

#define FIELD(name) offsetof(universal_settings, name)

static const char *norm_choice(int i, const char **what) {
    return i < 2 ? evasion_norm_choice(i, what) : NULL; /* linf, l2 */
}

static const option options[] = {
    {.name = "norm",
     .kind = OPTION_CHOICE,
     .offset = FIELD(norm),
     .fallback = "linf",
     .choice = norm_choice,
     .what = "how the size of the perturbation is measured"},
    {.name = "eps",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(eps),
     .metavar = "LIST",
     .lo = 1e-9,
     .hi = 1000,
     .what = "sizes of the perturbation, in units of pixels from 0 to 1 (default: grey .05,.1, colour "
             "4/255,8/255; with "
             "l2: grey 1,2, colour .5,1)"},
    {.name = "target",
     .kind = OPTION_TEXT,
     .offset = FIELD(target),
     .metavar = "CLASS",
     .what = "drive all images to this class (name or number), not just from their own"},
    LEARNING_OPTIONS(universal_settings),
    {.name = "step-size",
     .kind = OPTION_NUMBER,
     .offset = FIELD(step_size),
     .metavar = "SHARE",
     .fallback = ".05",
     .lo = 1e-9,
     .hi = 10,
     .what = "mean length of a step as a share of eps"},
    {.name = "cap",
     .kind = OPTION_NUMBER,
     .offset = FIELD(cap),
     .metavar = "LOSS",
     .fallback = "9",
     .lo = 0,
     .hi = 1000,
     .what = "images with a larger cross entropy are broken enough and left alone; 0 = none are"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write a sheet: the perturbations, and images without and with one"},
    {0}};

static status report(context *c, const universal_settings *o, const universal_study *k, status ran, err *e) {
    result *x = result_new("universal", &c->run);
    context_record_model(c, x, k->m);
    result_data(x, k->test);
    universal_record(x, k);
    say_subject(c, k->test, k->m);
    universal_print(c, k);
    status s = universal_sheet(x, k, o->sheet, e);
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status study(context *c, const universal_settings *o, universal_study *k, err *e) {
    number_list eps = o->eps;
    evasion_complete_eps(&eps, (norm)o->norm, k->test->image.c);
    memcpy(k->eps, eps.values, sizeof k->eps);
    k->n_eps = eps.n;
    k->norm = (norm)o->norm;
    k->plan = (learn_plan){.target = -1,
                           .steps = (int)o->learning.steps,
                           .batch = (int)o->learning.images,
                           .step_size = o->step_size,
                           .cap = o->cap};
    status s = o->target ? class_parse("target", o->target, k->test, &k->plan.target, e) : STATUS_OK;
    if (s == STATUS_OK) s = universal_study_run(k, &c->run, e);
    if (k->done > 0) s = report(c, o, k, s, e);
    universal_study_free(k);
    return s;
}

static status run_universal(context *c, const void *settings, err *e) {
    const universal_settings *o = settings;
    learning_subject t;
    status s = learning_open(c, &o->learning, &t, e);
    universal_study k = {.m = t.loaded.model, .train = &t.train, .test = &t.test, .halved = t.halved};
    if (s == STATUS_OK) s = study(c, o, &k, e);
    learning_close(&t);
    return s;
}

const command command_universal = {
    .name = "universal",
    .arguments = "MODEL",
    .fewest = 1,
    .most = 1,
    .what = "one perturbation that fools a model on most images",
    .about =
        "Learns one perturbation from training images (Moosavi-Dezfooli et al. 2017, by the gradient steps "
        "of "
        "Shafahi et al. 2020), adds it to test images, and counts how many are right and how many answers "
        "change, beside a perturbation of the same size by chance. Without --n, 1,000 test images.",
    .reads_data = true,
    .reads_model = true,
    .options = options,
    .settings_size = sizeof(universal_settings),
    .run = run_universal};
