/* audit patch MODEL --data D */
#include <math.h>

#include "audit/class_choice.h"
#include "audit/learning_data.h"
#include "audit/patch.h"
#include "audit/show.h"

typedef struct patch_settings {
    double side, degrees, scale, step_size;
    const char *target, *sheet;
    learning_settings learning;
} patch_settings;

#define FIELD(name) offsetof(patch_settings, name)

static const option options[] = {
    {.name = "side",
     .kind = OPTION_NUMBER,
     .offset = FIELD(side),
     .metavar = "SHARE",
     .fallback = ".3",
     .lo = .01,
     .hi = 1,
     .what = "side of the patch as a share of the image's smaller side; .3 hides 9 % of a square image"},
    {.name = "target",
     .kind = OPTION_TEXT,
     .offset = FIELD(target),
     .metavar = "CLASS",
     .what = "the class (name or number) that the patch is to show (default: each is tried, and that which "
             "works best "
             "on training images is taken)"},
    {.name = "degrees",
     .kind = OPTION_NUMBER,
     .offset = FIELD(degrees),
     .metavar = "A",
     .fallback = "0",
     .lo = 0,
     .hi = 180,
     .what = "turn the patch at random by at most this"},
    {.name = "scale",
     .kind = OPTION_NUMBER,
     .offset = FIELD(scale),
     .metavar = "SHARE",
     .fallback = "0",
     .lo = 0,
     .hi = .9,
     .what = "enlarge or shrink it at random by at most this share"},
    LEARNING_OPTIONS(patch_settings),
    {.name = "step-size",
     .kind = OPTION_NUMBER,
     .offset = FIELD(step_size),
     .metavar = "LENGTH",
     .fallback = ".05",
     .lo = 1e-9,
     .hi = 1,
     .what = "mean change of every pixel of the patch in a step, of 0 to 1"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write a sheet: the patch, and images without and with it"},
    {0}};

static int side_of(double share, shape image) {
    int smaller = image.h < image.w ? image.h : image.w, side = (int)lround(share * smaller);
    return side < 1 ? 1 : side;
}

static status report(context *c, const patch_settings *o, const patch_study *k, err *e) {
    result *x = result_new("patch", &c->run);
    context_record_model(c, x, k->m);
    result_data(x, k->test);
    patch_record(x, k);
    say_subject(c, k->test, k->m);
    patch_print(c, k);
    status s = patch_sheet(x, k, o->sheet, e);
    if (s == STATUS_OK) s = context_finish(c, x, s, e);
    result_free(x);
    return s;
}

static status study(context *c, const patch_settings *o, patch_study *k, err *e) {
    k->rules = (patch_rules){.image = k->test->image,
                             .side = side_of(o->side, k->test->image),
                             .degrees = o->degrees,
                             .scale = o->scale,
                             .seed = c->run.seed};
    k->plan = (learn_plan){.target = -1,
                           .steps = (int)o->learning.steps,
                           .batch = (int)o->learning.images,
                           .step_size = o->step_size};
    status s = o->target ? class_parse("target", o->target, k->test, &k->plan.target, e) : STATUS_OK;
    if (s == STATUS_OK) s = patch_study_run(k, &c->run, e);
    if (s == STATUS_OK) s = report(c, o, k, e);
    patch_study_free(k);
    return s;
}

static status run_patch(context *c, const void *settings, err *e) {
    const patch_settings *o = settings;
    learning_subject t;
    status s = learning_open(c, &o->learning, &t, e);
    patch_study k = {.m = t.loaded.model, .train = &t.train, .test = &t.test, .halved = t.halved};
    if (s == STATUS_OK) s = study(c, o, &k, e);
    learning_close(&t);
    return s;
}

const command command_patch = {
    .name = "patch",
    .arguments = "MODEL",
    .fewest = 1,
    .most = 1,
    .what = "a patch that makes one class of whatever it is put into",
    .about =
        "Learns one square picture from training images, at random places in them, that makes the model "
        "answer one class (Brown et al. 2017), and measures it at random places in test images, beside a "
        "small picture of that class and a patch of noise. Without --n, 1,000 test images.",
    .reads_data = true,
    .reads_model = true,
    .options = options,
    .settings_size = sizeof(patch_settings),
    .run = run_patch};
