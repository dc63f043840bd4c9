/* audit transferability MODEL MODEL... --data D */
#include "audit/transferability.h"
#include "audit/evasion.h"
#include "audit/show.h"
#include "nets/predict.h"

typedef struct transferability_settings {
    int attack, norm;
    double eps, step_size;
    int64_t steps;
    const char *sheet;
} transferability_settings;

#define FIELD(name) offsetof(transferability_settings, name)

static const char *method_choice(int i, const char **what) {
    const attack *method = walk_method_at(i);
    if (what) *what = method ? method->title : NULL;
    return method ? method->name : NULL;
}

static const char *norm_choice(int i, const char **what) {
    return i < 2 ? evasion_norm_choice(i, what) : NULL; /* linf, l2 */
}

static const option options[] = {
    {.name = "attack",
     .letter = 'a',
     .kind = OPTION_CHOICE,
     .offset = FIELD(attack),
     .fallback = "mifgsm",
     .choice = method_choice,
     .what = "how examples are made on each model"},
    {.name = "norm",
     .kind = OPTION_CHOICE,
     .offset = FIELD(norm),
     .fallback = "linf",
     .choice = norm_choice,
     .what = "how the size of a perturbation is measured"},
    {.name = "eps",
     .kind = OPTION_NUMBER,
     .offset = FIELD(eps),
     .metavar = "SIZE",
     .lo = 1e-9,
     .hi = 1000,
     .what = "largest size of the perturbation, in units of pixels from 0 to 1, such as .1 or 8/255 "
             "(default: grey .1, "
             "colour 8/255; with l2: grey 2, colour 1)"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .lo = 1,
     .hi = 100000,
     .what = "iterations, all of which are made (default: the attack's own; mifgsm 10, pgd 40)"},
    {.name = "step-size",
     .kind = OPTION_NUMBER,
     .offset = FIELD(step_size),
     .metavar = "SHARE",
     .lo = 1e-9,
     .hi = 100,
     .what = "length of a step as a share of eps (default: the attack's own)"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write a sheet: images, the examples of each model, and what all models say to each"},
    {0}};

/* Examples of one model are images for another only where both take the same. */
static status same_contract(const model *a, const char *path_a, const model *b, const char *path_b, err *e) {
    if (shape_equal(a->input, b->input) && a->classes == b->classes) return STATUS_OK;
    return err_set(
        e, STATUS_USAGE,
        "%s takes images of %d x %d x %d and knows %d classes, %s %d x %d x %d and %d (height x width x "
        "channels): examples of one cannot be shown to the other",
        path_a, a->input.h, a->input.w, a->input.c, a->classes, path_b, b->input.h, b->input.w, b->input.c,
        b->classes);
}

static status open_all(context *c, loaded_model *models, dataset *d, err *e) {
    status s = STATUS_OK;
    for (int i = 0; i < c->n_arguments && s == STATUS_OK; i++)
        s = context_open_model(c, c->arguments[i], true, &models[i], e);
    for (int i = 1; i < c->n_arguments && s == STATUS_OK; i++)
        s = same_contract(models[0].model, c->arguments[0], models[i].model, c->arguments[i], e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 1000, &models[0].model->input, d, e);
    for (int i = 0; i < c->n_arguments && s == STATUS_OK; i++)
        s = model_accepts(models[i].model, d, e);
    return s;
}

static walk_plan plan_of(const transferability_settings *o, const dataset *d) {
    int n;
    const double *usual = evasion_default_eps((norm)o->norm, d->image.c, &n);
    return (walk_plan){.method = walk_method_at(o->attack),
                       .options = {.steps = (int)o->steps, .step_size = o->step_size},
                       .norm = (norm)o->norm,
                       .eps = o->eps > 0 ? o->eps : usual[n - 1]};
}

static status report(context *c, const transferability_settings *o, const transfer_crowd *k, status ran,
                     err *e) {
    result *x = result_new("transferability", &c->run);
    result_data(x, k->d);
    if (c->model.tta) result_setting_text(x, "tta", c->model.tta);
    transferability_record(x, k);
    say_subject(c, k->d, NULL);
    transferability_print(c, k);
    status s = transferability_sheet(x, k, o->sheet, e);
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status run_transferability(context *c, const void *settings, err *e) {
    const transferability_settings *o = settings;
    loaded_model models[TRANSFERABILITY_MODELS] = {{0}};
    dataset d = {0};
    transfer_crowd k = {.n = c->n_arguments, .d = &d};
    status s = open_all(c, models, &d, e);
    if (s == STATUS_OK) {
        for (int i = 0; i < k.n; i++)
            k.models[i] = models[i].model;
        crowd_name(&k, c->arguments);
        k.plan = plan_of(o, &d);
        s = transferability_run(k.models, k.labels, k.n, &d, &k.plan, &c->run, &k.found, e);
        if (k.found.sources > 0) s = report(c, o, &k, s, e);
    }
    transferability_free(&k.found);
    dataset_free(&d);
    for (int i = 0; i < TRANSFERABILITY_MODELS; i++)
        loaded_model_free(&models[i]);
    return s;
}

const command command_transferability = {
    .name = "transferability",
    .arguments = "MODEL MODEL...",
    .fewest = 2,
    .most = TRANSFERABILITY_MODELS,
    .what = "whether examples made on one model fool others",
    .about = "Makes adversarial examples on each model in turn, carries them to the last step whether or not "
             "they fool it, and shows them to all: what can somebody do to your model who has only another "
             "one? Noise of the same size stands beside them. All models must take the same images and know "
             "the same classes. Without --n, 1,000 images.",
    .reads_data = true,
    .reads_model = true,
    .options = options,
    .settings_size = sizeof(transferability_settings),
    .run = run_transferability};
