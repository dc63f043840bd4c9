/* audit lr-find --data D [options of training] */
#include <math.h>

#include "audit/command.h"
#include "audit/report/pictures.h"
#include "audit/show.h"
#include "nets/lr_find.h"

typedef struct find_settings {
    const char *output;
    double lowest, highest;
    int64_t steps;
} find_settings;

#define FIELD(name) offsetof(find_settings, name)

static const option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = FIELD(output),
     .metavar = "FILE.svg",
     .fallback = "lr-find.svg",
     .what = "the chart to write"},
    {.name = "lowest",
     .kind = OPTION_NUMBER,
     .offset = FIELD(lowest),
     .metavar = "RATE",
     .fallback = "1e-6",
     .hi = 1e6,
     .what = "learning rate of the first step"},
    {.name = "highest",
     .kind = OPTION_NUMBER,
     .offset = FIELD(highest),
     .metavar = "RATE",
     .fallback = "10",
     .hi = 1e6,
     .what = "learning rate of the last step, where the loss does not diverge before"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .fallback = "200",
     .lo = 10,
     .hi = LR_FIND_MOST_STEPS,
     .what = "steps from the one to the other"},
    {0}};

static json *points_json(const lr_curve *c) {
    json *points = json_new_array();
    for (int i = 0; points && i < c->n; i++) {
        json *p = json_new_object();
        bool ok = json_set_real(p, "rate", c->points[i].rate) &&
                  json_set_real(p, "loss", c->points[i].loss) &&
                  json_set_real(p, "smoothed", c->points[i].smoothed) && json_append(points, p);
        if (ok) continue;
        json_free(points);
        return NULL;
    }
    return points;
}

static status conclude(context *c, const find_settings *o, const lr_curve *curve, result *x, err *e) {
    result_value(x, (row_key){.metric = "learning_rate", .eps = NAN}, curve->n, curve->suggestion,
                 (interval){NAN, NAN}, "none", "the loss falls nowhere");
    if (curve->diverged)
        result_value(x, (row_key){.metric = "diverging_rate", .eps = NAN}, curve->n,
                     curve->points[curve->n - 1].rate, (interval){NAN, NAN}, "none", NULL);
    result_extra(x, "points", points_json(curve));
    say(c, "the loss falls most steeply at a learning rate of %.2g%s\n", curve->suggestion,
        curve->diverged ? "" : "; it did not diverge before the last step");
    if (curve->diverged) say(c, "it diverges at %.2g\n", curve->points[curve->n - 1].rate);
    status s = lr_find_picture_write(o->output, json_get(result_json(x), "body"), e);
    if (s == STATUS_OK) say(c, "wrote %s\n", o->output);
    return s == STATUS_OK ? context_finish(c, x, s, e) : s;
}

static status find(context *c, const find_settings *o, training *t, const dataset *d, err *e) {
    objective goal;
    lr_curve curve;
    weights_init_as(t->net, &t->weights, t->init, c->run.seed);
    status s = training_objective(t, &c->run, &goal, e);
    if (s != STATUS_OK) return s;
    s = lr_find(t->net, &t->weights, d, &t->options, &goal, o->lowest, o->highest, (int)o->steps, &c->run,
                &curve, e);
    goal.free(goal.self);
    if (s != STATUS_OK) return s;
    result *x = result_new("lr-find", &c->run);
    result_data(x, d);
    result_setting_json(x, "recipe", training_recipe(t, &c->training, d, c->run.seed));
    result_setting_number(x, "lowest", o->lowest);
    result_setting_number(x, "highest", o->highest);
    result_setting_number(x, "steps", (double)o->steps);
    s = conclude(c, o, &curve, x, e);
    result_free(x);
    lr_curve_free(&curve);
    return s;
}

static status run_find(context *c, const void *settings, err *e) {
    dataset d = {0};
    training t = {0};
    status s = context_open_data(c, "train", 0, NULL, &d, e);
    if (s == STATUS_OK) s = training_plan(&c->training, &d, (int)c->common.batch, &t, e);
    if (s == STATUS_OK) {
        say_subject(c, &d, NULL);
        s = find(c, settings, &t, &d, e);
    }
    training_free(&t);
    dataset_free(&d);
    return s;
}

const command command_lr_find = {
    .name = "lr-find",
    .arguments = "",
    .what = "which learning rate to begin with: the range test",
    .about =
        "Trains for some steps while the learning rate grows exponentially (Smith 2017), with the net, the "
        "batches, the loss and the optimiser that the options of training say, and draws the loss. The "
        "rate where it falls most steeply is one to begin with; where it rises again, rates are too "
        "large. Nothing is kept of the training; --lr, schedules, averages and validation are not looked at.",
    .reads_data = true,
    .trains = true,
    .options = options,
    .settings_size = sizeof(find_settings),
    .run = run_find};
