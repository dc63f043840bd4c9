/* audit spatial MODEL --data D */
#include "audit/spatial.h"
#include "audit/show.h"
#include "nets/predict.h"

typedef struct spatial_settings {
    double degrees, shift;
    int64_t angles, shifts, random;
    int padding;
    const char *sheet;
} spatial_settings;

#define FIELD(name) offsetof(spatial_settings, name)

static const char *padding_choice(int i, const char **what) {
    static const char *const names[][2] = {{"zero", "black"}, {"edge", "the nearest pixel of the border"}};
    bool inside = i >= 0 && i < 2;
    if (what) *what = inside ? names[i][1] : NULL;
    return inside ? names[i][0] : NULL;
}

static const option options[] = {
    {.name = "degrees",
     .kind = OPTION_NUMBER,
     .offset = FIELD(degrees),
     .metavar = "A",
     .fallback = "30",
     .lo = 0,
     .hi = 180,
     .what = "largest angle, to both sides"},
    {.name = "shift",
     .kind = OPTION_NUMBER,
     .offset = FIELD(shift),
     .metavar = "SHARE",
     .fallback = ".1",
     .lo = 0,
     .hi = 1,
     .what = "largest shift, as a share of height and width: 0.1 of 32 pixels are 3.2"},
    {.name = "angles",
     .kind = OPTION_INTEGER,
     .offset = FIELD(angles),
     .metavar = "N",
     .fallback = "31",
     .lo = 1,
     .hi = 1001,
     .what = "angles of the grid, an odd number"},
    {.name = "shifts",
     .kind = OPTION_INTEGER,
     .offset = FIELD(shifts),
     .metavar = "N",
     .fallback = "5",
     .lo = 1,
     .hi = 101,
     .what = "shifts of the grid in each direction, an odd number"},
    {.name = "random",
     .kind = OPTION_INTEGER,
     .offset = FIELD(random),
     .metavar = "K",
     .fallback = "10",
     .lo = 1,
     .hi = SPATIAL_RANDOM_MOST,
     .what = "random moves of each image"},
    {.name = "padding",
     .kind = OPTION_CHOICE,
     .offset = FIELD(padding),
     .fallback = "zero",
     .choice = padding_choice,
     .what = "what comes in from outside"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write a sheet: images, and the smallest move of the grid that breaks each"},
    {0}};

static spatial_plan plan_of(const spatial_settings *o) {
    return (spatial_plan){.degrees = o->degrees,
                          .shift = o->shift,
                          .angles = (int)o->angles,
                          .shifts = (int)o->shifts,
                          .random = (int)o->random,
                          .edge = o->padding == 1};
}

static bool any_finished(const spatial_result *a) {
    for (int row = 0; row < a->n; row++)
        if (a->finished[row]) return true;
    return a->n == 0;
}

static status report(context *c, const spatial_settings *o, model *m, const dataset *d, const spatial_plan *p,
                     const spatial_result *a, status ran, err *e) {
    result *x = result_new("spatial", &c->run);
    context_record_model(c, x, m);
    result_data(x, d);
    spatial_record(x, d, p, a);
    say_subject(c, d, m);
    spatial_print(c, d, p, a);
    status s = spatial_sheet(x, m, d, p, a, o->sheet, e);
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status run_spatial(context *c, const void *settings, err *e) {
    const spatial_settings *o = settings;
    loaded_model loaded;
    dataset d = {0};
    spatial_plan p = plan_of(o);
    spatial_result a = {0};
    status s = context_open_model(c, c->arguments[0], false, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 1000, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = model_accepts(loaded.model, &d, e);
    if (s == STATUS_OK) {
        s = spatial_run(loaded.model, &d, &p, &c->run, &a, e);
        bool some = s == STATUS_OK || (s == STATUS_CANCELLED && any_finished(&a));
        if (some) s = report(c, o, loaded.model, &d, &p, &a, s, e);
    }
    spatial_free(&a);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_spatial = {
    .name = "spatial",
    .arguments = "MODEL",
    .fewest = 1,
    .most = 1,
    .what = "accuracy when images are turned and shifted",
    .about =
        "Turns and shifts images and counts how many stay right: under random moves, the worst of some, and "
        "the worst of a grid of angles and shifts, as Engstrom et al. 2019. No gradient is needed. Images "
        "that are wrong unchanged count as broken. Without --n, 1,000 images are moved.",
    .reads_data = true,
    .reads_model = true,
    .options = options,
    .settings_size = sizeof(spatial_settings),
    .run = run_spatial};
