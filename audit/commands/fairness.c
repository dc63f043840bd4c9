/* audit fairness MODEL --data D --groups G.csv | --predictions FILE.csv */
#include "audit/fairness.h"

#include <math.h>
#include <stdlib.h>

#include "audit/column_choice.h"
#include "audit/evasion.h"
#include "audit/fairness_text.h"
#include "audit/prediction_file.h"
#include "audit/predictions.h"
#include "audit/show.h"
#include "datasets/groups.h"
#include "nets/loss.h"

typedef struct fairness_settings {
    const char *predictions, *columns, *cluster;
    bool intersections;
    int64_t bootstrap, minimum;
    int attack, norm;
    number_list eps;
} fairness_settings;

#define FIELD(name) offsetof(fairness_settings, name)

/* "none", then the methods. */
static const char *attack_choice(int i, const char **what) {
    if (i > 0) return attack_at(i - 1) ? evasion_method_choice(i - 1, what) : NULL;
    if (what) *what = "clean images only";
    return "none";
}

static const option options[] = {
    {.name = "predictions",
     .kind = OPTION_FILE,
     .offset = FIELD(predictions),
     .metavar = "FILE.csv",
     .what = "judge these instead of a model: columns label, prediction and the groups"},
    {.name = "columns",
     .kind = OPTION_TEXT,
     .offset = FIELD(columns),
     .metavar = "A,B",
     .what = "group columns to judge (default: every one with 2 to 20 values, numbers in quarters; not the "
             "cluster, row, id, confidence)"},
    {.name = "cluster",
     .kind = OPTION_TEXT,
     .offset = FIELD(cluster),
     .metavar = "COLUMN",
     .what = "what images come in: a writer, a patient; adds intervals that resample it"},
    {.name = "intersections",
     .kind = OPTION_FLAG,
     .offset = FIELD(intersections),
     .what = "also judge every pair of columns"},
    {.name = "attack",
     .kind = OPTION_CHOICE,
     .offset = FIELD(attack),
     .fallback = "pgd",
     .choice = attack_choice,
     .what = "errors under this attack beside the clean ones"},
    {.name = "norm",
     .kind = OPTION_CHOICE,
     .offset = FIELD(norm),
     .fallback = "linf",
     .choice = evasion_norm_choice,
     .what = "what the attack's changes are measured in"},
    {.name = "eps",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(eps),
     .metavar = "E",
     .hi = 1000,
     .what = "the attack's largest change, in units of pixels from 0 to 1 (default: grey .05, colour 4/255; "
             "l2: 1, .5)"},
    {.name = "bootstrap",
     .kind = OPTION_INTEGER,
     .offset = FIELD(bootstrap),
     .metavar = "N",
     .fallback = "2000",
     .lo = 100,
     .hi = 1000000,
     .what = "resamples of the clusters"},
    {.name = "minimum",
     .kind = OPTION_INTEGER,
     .offset = FIELD(minimum),
     .metavar = "N",
     .fallback = "30",
     .lo = 1,
     .hi = 1e9,
     .what = "smallest number of images a share is judged on"},
    {0}};

static status choose_columns(table *t, const fairness_settings *o, column_choice *out, err *e) {
    *out = (column_choice){0};
    status s = STATUS_OK;
    if (o->cluster)
        s = table_find(t, o->cluster)
                ? table_categorise(t, o->cluster, INT32_MAX, e)
                : err_set(e, STATUS_USAGE, "--cluster: there is no column \"%s\"", o->cluster);
    if (s == STATUS_OK)
        s = o->columns ? column_choice_named(t, o->columns, out, e)
                       : column_choice_default(t, o->cluster, out, e);
    if (s == STATUS_OK && out->n == 0)
        s = err_set(e, STATUS_USAGE, "no group columns: give --groups FILE.csv or --columns");
    return s;
}

static fairness_options measure_options(const fairness_settings *o, const column_choice *columns) {
    fairness_options f = fairness_options_default();
    f.columns = columns->names;
    f.n_columns = columns->n;
    f.intersections = o->intersections;
    f.cluster = o->cluster;
    f.bootstrap = (int)o->bootstrap;
    f.minimum = (int)o->minimum;
    return f;
}

static void record_settings(result *x, const fairness_settings *o, const column_choice *columns) {
    json *names = json_new_array();
    for (int i = 0; i < columns->n; i++)
        json_append(names, json_new_string(columns->names[i]));
    result_setting_json(x, "columns", names);
    result_setting_text(x, "cluster", o->cluster);
    result_setting_number(x, "minimum", (double)o->minimum);
    if (o->cluster) result_setting_number(x, "bootstrap", (double)o->bootstrap);
}

static status from_file(context *c, const fairness_settings *o, err *e) {
    prediction_file p;
    column_choice columns = {0};
    if (c->model.tta) return err_set(e, STATUS_USAGE, "--tta asks a model, and --predictions has none");
    status s = prediction_file_read(o->predictions, &p, e);
    if (s != STATUS_OK) return s;
    s = choose_columns(&p.groups, o, &columns, e);
    result *x = result_new("fairness", &c->run);
    if (s == STATUS_OK) {
        fairness_outcomes outcomes = {.n = p.n,
                                      .classes = p.classes,
                                      .labels = p.labels,
                                      .predictions = p.predictions,
                                      .class_names = p.class_names,
                                      .eps = NAN};
        fairness_options f = measure_options(o, &columns);
        record_settings(x, o, &columns);
        s = fairness_measure(x, &p.groups, &outcomes, &f, &c->run, e);
    }
    if (s == STATUS_OK) {
        say(c, "%d predictions of %d classes\n", p.n, p.classes);
        fairness_print(c, json_get(result_json(x), "body"));
        s = context_finish(c, x, s, e);
    }
    result_free(x);
    column_choice_free(&columns);
    prediction_file_free(&p);
    return s;
}

/* What the model answers at the adversarial examples: the label where the attack failed. */
static void attacked_answers(const attack_result *a, const dataset *d, int32_t *out) {
    for (int i = 0; i < a->n; i++)
        out[i] = a->broken_at[i] == a->n_eps
                     ? d->labels[i]
                     : logits_class(a->example_logits + (size_t)i * (size_t)a->classes, a->classes);
}

static status measure_attacked(context *c, const fairness_settings *o, model *m, const dataset *d,
                               const fairness_options *f, result *x, err *e) {
    int n_default;
    const double *eps = o->eps.n ? o->eps.values : evasion_default_eps((norm)o->norm, d->image.c, &n_default);
    attack_plan plan = {.method = attack_at(o->attack - 1),
                        .norm = (norm)o->norm,
                        .eps = eps,
                        .n_eps = 1,
                        .batch = (int)c->common.batch,
                        .keep_examples = true};
    plan.options = plan.method->defaults;
    attack_result a = {0};
    int32_t *answers = calloc((size_t)d->n, sizeof *answers);
    status s =
        answers ? attack_run(m, d, &plan, &c->run, &a, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        attacked_answers(&a, d, answers);
        fairness_outcomes outcomes = {.n = d->n,
                                      .classes = d->classes,
                                      .labels = d->labels,
                                      .predictions = answers,
                                      .class_names = d->class_names,
                                      .attack = plan.method->name,
                                      .norm = norm_name(plan.norm),
                                      .eps = eps[0],
                                      .clean_correct = a.clean_correct};
        result_setting_text(x, "attack", plan.method->name);
        result_setting_text(x, "norm", norm_name(plan.norm));
        result_setting_number(x, "eps", eps[0]);
        evasion_warn(x, plan.method, &a);
        s = fairness_measure(x, &d->columns, &outcomes, f, &c->run, e);
        result_cost(x, a.forwards, a.backwards);
    }
    attack_result_free(&a);
    free(answers);
    return s;
}

static status measure_model(context *c, const fairness_settings *o, model *m, const dataset *d,
                            const column_choice *columns, result *x, err *e) {
    predictions p;
    status s = predictions_make(m, d, &c->run, &p, e);
    if (s != STATUS_OK) return s;
    fairness_options f = measure_options(o, columns);
    fairness_outcomes clean = {.n = d->n,
                               .classes = d->classes,
                               .labels = d->labels,
                               .predictions = p.answers,
                               .class_names = d->class_names,
                               .eps = NAN};
    context_record_model(c, x, m);
    result_data(x, d);
    record_settings(x, o, columns);
    predictions_warn(x, d, &p);
    s = fairness_measure(x, &d->columns, &clean, &f, &c->run, e);
    if (s == STATUS_OK && o->attack > 0) s = measure_attacked(c, o, m, d, &f, x, e);
    predictions_free(&p);
    return s;
}

static status from_model(context *c, const fairness_settings *o, err *e) {
    if (c->n_arguments == 0)
        return err_set(e, STATUS_USAGE, "give a MODEL with --data, or --predictions FILE.csv");
    if (o->eps.n > 1) return err_set(e, STATUS_USAGE, "--eps: %d values, expected one", o->eps.n);
    loaded_model loaded = {0};
    dataset d = {0};
    column_choice columns = {0};
    status s = context_open_model(c, c->arguments[0], o->attack > 0, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 0, &loaded.model->input, &d, e);
    if (s == STATUS_OK && d.columns.n_columns == 0) s = groups_add_properties(&d, e);
    if (s == STATUS_OK) s = choose_columns(&d.columns, o, &columns, e);
    result *x = result_new("fairness", &c->run);
    if (s == STATUS_OK) s = measure_model(c, o, loaded.model, &d, &columns, x, e);
    if (s == STATUS_OK) {
        say_subject(c, &d, loaded.model);
        fairness_print(c, json_get(result_json(x), "body"));
        s = context_finish(c, x, s, e);
    }
    result_free(x);
    column_choice_free(&columns);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

static status run_fairness(context *c, const void *settings, err *e) {
    const fairness_settings *o = settings;
    return o->predictions ? from_file(c, o, e) : from_model(c, o, e);
}

const command command_fairness = {.name = "fairness",
                                  .arguments = "[MODEL]",
                                  .fewest = 0,
                                  .most = 1,
                                  .what = "errors per group with intervals, clean and under attack",
                                  .about = "Counts the errors of every group: n, error with its Wilson "
                                           "interval, the gap to all other images (Newcombe), rates per "
                                           "class, and how often an attack succeeds on images that were "
                                           "right. Where images come in clusters (--cluster writer), "
                                           "intervals that resample whole clusters stand beside: they are "
                                           "the honest ones then. Works from a model, or from a CSV "
                                           "of predictions alone.",
                                  .reads_data = true,
                                  .reads_model = true,
                                  .options = options,
                                  .attacks = true,
                                  .settings_size = sizeof(fairness_settings),
                                  .run = run_fairness};
